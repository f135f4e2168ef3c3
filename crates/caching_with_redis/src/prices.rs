//! What tokens cost, by the built-in table and the user's own.

use std::collections::BTreeMap;
use std::path::Path;

use cache_core::{ModelIdentity, Price, PriceTable};
use serde::Deserialize;

use crate::settings::SettingsError;
use crate::{Error, Settings};

/// Prices of models: the built-in ones, which are those of [`PriceTable::DATE`], and those of a
/// file of your own, which go before them.
///
/// ```toml
/// date = "2026-11"          # of when your prices are
/// built_in = true           # false: nothing but this file counts
///
/// [prices."text-embedding-3-small"]   # US dollars a million tokens
/// input = 0.02
///
/// [prices."gpt-4o-mini"]
/// input = 0.15
/// cached_input = 0.075      # as `input`, when absent
/// output = 0.60             # 0, when absent
///
/// [deployments]             # which model a deployment has
/// "our-embeddings" = "text-embedding-3-small"
/// ```
#[derive(Debug, Clone)]
pub struct Prices {
    table: PriceTable,
    /// What the file alone says.
    own: PriceTable,
    own_date: String,
}

/// A model's price, and of when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote {
    /// The price.
    pub price: Price,
    /// The month or day of which it is: `2026-11`.
    pub date: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceFile {
    date: Option<String>,
    #[serde(default = "yes")]
    built_in: bool,
    #[serde(default)]
    prices: BTreeMap<String, Entry>,
    #[serde(default)]
    deployments: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    input: f64,
    cached_input: Option<f64>,
    #[serde(default)]
    output: f64,
}

fn yes() -> bool {
    true
}

impl Prices {
    /// The prices that the settings name: the file of `CACHE_PRICES`, else the built-in ones.
    ///
    /// # Errors
    /// When the file cannot be read, holds an unknown name, or a price makes no sense.
    pub fn open(settings: &Settings) -> Result<Self, Error> {
        settings.prices.as_deref().map_or_else(|| Ok(Self::default()), Self::read)
    }

    /// The prices of a file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |what: String| {
            SettingsError::of("prices", format!("the price file {}: {what}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let file: PriceFile = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            wrong(format!("line {line}: {}", error.message()))
        })?;
        Ok(file.check().map_err(wrong)?)
    }

    /// The table, for [`Builder::prices`](embedding_cache::Builder::prices).
    #[must_use]
    pub fn table(&self) -> &PriceTable {
        &self.table
    }

    /// The price of a model that says of itself `identity`, and of which replies have said
    /// `answering`.
    #[must_use]
    pub fn quote(&self, identity: &ModelIdentity, answering: Option<&str>) -> Option<Quote> {
        let models = [answering.unwrap_or_default(), identity.model.as_str()];
        let look_up = |table: &PriceTable| table.price(identity.deployment.as_deref(), &models);
        let price = look_up(&self.table)?;
        let is_own = look_up(&self.own) == Some(price);
        let date = if is_own { &self.own_date } else { PriceTable::DATE };
        Some(Quote { price, date: date.to_owned() })
    }
}

impl Default for Prices {
    /// The built-in prices.
    fn default() -> Self {
        Self { table: PriceTable::built_in(), own: PriceTable::empty(), own_date: String::new() }
    }
}

impl PriceFile {
    fn check(self) -> Result<Prices, String> {
        if self.date.is_none() && !self.prices.is_empty() {
            return Err("`date` is missing: say of when the prices are, such as \"2026-11\"".into());
        }
        let built_in = if self.built_in { PriceTable::built_in() } else { PriceTable::empty() };
        let (mut table, mut own) = (built_in, PriceTable::empty());
        for (model, entry) in &self.prices {
            let price = entry.price().ok_or_else(|| {
                format!("the price of {model:?} is no amount: give US dollars a million tokens")
            })?;
            table = table.with_price(model, price);
            own = own.with_price(model, price);
        }
        for (deployment, model) in &self.deployments {
            if table.price(None, &[model]).is_none() {
                return Err(format!(
                    "the deployment {deployment:?} is said to have the model {model:?}, which has \
                     no price: add [prices.{model:?}]"
                ));
            }
            table = table.with_deployment(deployment, model);
            own = own.with_deployment(deployment, model);
        }
        Ok(Prices { table, own, own_date: self.date.unwrap_or_default() })
    }
}

impl Entry {
    fn price(self) -> Option<Price> {
        let cached = self.cached_input.unwrap_or(self.input);
        let sound = |amount: f64| amount.is_finite() && amount >= 0.0;
        [self.input, cached, self.output]
            .into_iter()
            .all(sound)
            .then(|| Price::per_million_of(self.input, cached, self.output))
    }
}
