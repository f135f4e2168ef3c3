//! Whether what was counted in different places is the same.

/// Counts that must be equal, and what they are.
#[derive(Debug, Default)]
pub struct Books {
    wrong: Vec<String>,
}

impl Books {
    /// What the caches have counted against what those around them have.
    pub fn same(&mut self, what: &str, counted: u64, actual: u64) {
        if counted != actual {
            self.wrong.push(format!("{what}: the cache counted {counted}, it was {actual}"));
        }
    }

    /// A fault of another kind.
    pub fn fault(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    /// Everything that does not add up.
    pub fn faults(self) -> Vec<String> {
        self.wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_differ_are_named() {
        let mut books = Books::default();
        books.same("calls", 3, 3);
        books.same("tokens", 8, 9);
        assert_eq!(books.faults(), ["tokens: the cache counted 8, it was 9"]);
    }
}
