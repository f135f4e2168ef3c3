//! What models cost.

use std::collections::HashMap;

/// The price of a model's tokens, in picodollars (10⁻¹² US dollars) a token, which is the same
/// number as microdollars a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Price {
    /// A token that is read.
    pub input: u64,
    /// A token that is read and that the service had in its own prompt cache.
    pub cached_input: u64,
    /// A token that is written.
    pub output: u64,
}

const PICODOLLARS: f64 = 1e6;

impl Price {
    /// A price in US dollars a million tokens that are read, as embeddings have it: none are
    /// written.
    #[must_use]
    pub fn per_million(input: f64) -> Self {
        Self::per_million_of(input, input, 0.0)
    }

    /// A price in US dollars a million tokens: read, read from the service's own cache, written.
    /// Negative numbers and those that are not finite count as zero.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and prices are far below"
    )]
    pub fn per_million_of(input: f64, cached_input: f64, output: f64) -> Self {
        let picodollars = |dollars: f64| (dollars * PICODOLLARS).round() as u64;
        Self {
            input: picodollars(input),
            cached_input: picodollars(cached_input),
            output: picodollars(output),
        }
    }
}

/// Prices by model, and which model a deployment has where its name does not say so.
///
/// The built-in prices are the public ones of [`PriceTable::DATE`]. What a contract says differs:
/// set your own.
///
/// ```
/// use cache_core::{Price, PriceTable};
///
/// let table = PriceTable::built_in()
///     .with_price("our-own-model", Price::per_million(0.01))
///     .with_deployment("embeddings-eu", "text-embedding-3-large");
/// let price = table.price(Some("embeddings-eu"), &["anything"]);
/// assert_eq!(price, Some(Price::per_million(0.143)));
/// assert_eq!(table.price(None, &["gpt-4o-mini-2024-07-18"]), table.price(None, &["gpt-4o-mini"]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTable {
    prices: HashMap<String, Price>,
    deployments: HashMap<String, String>,
}

/// US dollars a million tokens: input, cached input, output.
const BUILT_IN: &[(&str, f64, f64, f64)] = &[
    ("text-embedding-3-small", 0.022, 0.022, 0.0),
    ("text-embedding-3-large", 0.143, 0.143, 0.0),
    ("text-embedding-ada-002", 0.11, 0.11, 0.0),
    ("gpt-4o-mini", 0.15, 0.075, 0.60),
    ("gpt-4o", 2.50, 1.25, 10.0),
    ("gpt-4.1", 2.00, 0.50, 8.0),
    ("gpt-4.1-mini", 0.40, 0.10, 1.60),
    ("gpt-4.1-nano", 0.10, 0.025, 0.40),
    ("gpt-5", 1.25, 0.125, 10.0),
    ("gpt-5-mini", 0.25, 0.025, 2.0),
    ("gpt-5-nano", 0.05, 0.005, 0.40),
];

impl PriceTable {
    /// The month of which the built-in prices are.
    pub const DATE: &str = "2026-11";

    /// The built-in prices of Azure OpenAI's models.
    #[must_use]
    pub fn built_in() -> Self {
        let price = |&(model, input, cached, output): &(&str, f64, f64, f64)| {
            (model.to_owned(), Price::per_million_of(input, cached, output))
        };
        Self { prices: BUILT_IN.iter().map(price).collect(), deployments: HashMap::new() }
    }

    /// Nothing has a price.
    #[must_use]
    pub fn empty() -> Self {
        Self { prices: HashMap::new(), deployments: HashMap::new() }
    }

    /// Sets the price of a model, or of a deployment by its own name.
    #[must_use]
    pub fn with_price(mut self, model: impl Into<String>, price: Price) -> Self {
        self.prices.insert(model.into(), price);
        self
    }

    /// Says which model a deployment has.
    #[must_use]
    pub fn with_deployment(
        mut self,
        deployment: impl Into<String>,
        model: impl Into<String>,
    ) -> Self {
        self.deployments.insert(deployment.into(), model.into());
        self
    }

    /// The price of a deployment: that of the model that [`with_deployment`](Self::with_deployment)
    /// names, else that of the first of `models` that has one. Names with a date or a version at
    /// their end (`gpt-4o-mini-2024-07-18`, `text-embedding-ada-002-v2`) stand for those without,
    /// unless they have a price of their own.
    #[must_use]
    pub fn price(&self, deployment: Option<&str>, models: &[&str]) -> Option<Price> {
        let named = deployment.and_then(|name| self.deployments.get(name));
        let names = named.map(String::as_str).into_iter().chain(models.iter().copied());
        names.into_iter().find_map(|name| self.price_of(name))
    }

    fn price_of(&self, model: &str) -> Option<Price> {
        let exact = self.prices.get(model);
        exact.or_else(|| self.prices.get(without_version(model)?)).copied()
    }
}

impl Default for PriceTable {
    fn default() -> Self {
        Self::built_in()
    }
}

/// The name before `-2024-07-18` or `-v2`.
fn without_version(model: &str) -> Option<&str> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (name, last) = model.rsplit_once('-')?;
    if last.strip_prefix('v').is_some_and(digits) {
        return Some(name);
    }
    let (name, month) = name.rsplit_once('-')?;
    let (name, year) = name.rsplit_once('-')?;
    let dated = [year, month, last].map(str::len) == [4, 2, 2];
    (dated && [year, month, last].into_iter().all(digits)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        let table = PriceTable::built_in();
        let input = |model: &str| table.price(None, &[model]).map(|price| price.input);
        assert_eq!(input("text-embedding-3-small"), Some(22_000));
        assert_eq!(input("gpt-5-nano"), Some(50_000));
        assert_eq!(input("gpt-5-nano-2025-08-07"), Some(50_000));
        assert_eq!(input("text-embedding-ada-002-v2"), Some(110_000));
        for unknown in ["", "-", "gpt", "gpt-5-nano-", "2024-07-18", "gpt-4o-mini-20240718"] {
            assert_eq!(input(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_deployment_goes_before_what_the_service_says() {
        let own = Price::per_million(1.0);
        let table = PriceTable::empty().with_price("m", own).with_deployment("d", "m");
        assert_eq!(table.price(Some("d"), &["other"]), Some(own));
        assert_eq!(table.price(Some("e"), &["other"]), None);
        assert_eq!(table.price(Some("e"), &["other", "m"]), Some(own));
    }

    #[test]
    fn nonsense_costs_nothing() {
        assert_eq!(Price::per_million(-1.0).input, 0);
        assert_eq!(Price::per_million(f64::NAN).input, 0);
    }
}
