//! Named ways to make texts alike before they are looked up.

use std::borrow::Cow;
use std::fmt;

/// What is done to every text before it is hashed **and** embedded. Its name is part of the key,
/// so that vectors of raw and of normalized texts never mix. By default nothing is done.
#[derive(Clone, Copy)]
pub struct TextNormalizer {
    name: &'static str,
    apply: fn(&str) -> Cow<'_, str>,
}

impl TextNormalizer {
    /// Removes white space at both ends.
    pub const TRIM: Self = Self { name: "trim", apply: trim };

    /// Makes every run of white space one space, and removes it at both ends.
    pub const COLLAPSE_WHITESPACE: Self = Self { name: "collapse-whitespace", apply: collapse };

    /// A normalizer of your own. Change the name whenever the function changes.
    #[must_use]
    pub const fn new(name: &'static str, apply: fn(&str) -> Cow<'_, str>) -> Self {
        Self { name, apply }
    }

    /// The name, as it goes into the key.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The text that is hashed and embedded in place of `text`.
    #[must_use]
    pub fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        (self.apply)(text)
    }
}

fn trim(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text.trim())
}

fn collapse(text: &str) -> Cow<'_, str> {
    Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl fmt::Debug for TextNormalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TextNormalizer").field(&self.name).finish()
    }
}
