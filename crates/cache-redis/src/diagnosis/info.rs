//! The answer of `INFO`.

/// Its fields by name.
pub(crate) struct Info(String);

impl Info {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = |line: &'_ str| -> Option<usize> {
            line.strip_prefix(name)?.strip_prefix(':').map(|_| name.len() + 1)
        };
        self.0.lines().find_map(|line| value(line).map(|at| line[at..].trim()))
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == Some(value)
    }

    /// The lines whose names start so and go on with a number, without their names.
    pub(crate) fn numbered(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.lines().filter_map(move |line| {
            let (number, value) = line.strip_prefix(name)?.split_once(':')?;
            number.bytes().all(|digit| digit.is_ascii_digit()).then_some(value.trim())
        })
    }
}
