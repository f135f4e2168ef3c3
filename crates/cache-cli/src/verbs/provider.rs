//! Who embeds, and what a text costs there: what several verbs show of it.

use caching_with_redis::core::{ModelIdentity, TokenUsage};
use caching_with_redis::{Prices, WhyProvider};
use serde::Serialize;

use crate::context::Opened;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;

/// The provider, as answers in JSON have it.
#[derive(Debug, Serialize)]
pub(super) struct Provider {
    provider: String,
    provider_why: &'static str,
    endpoint: Option<String>,
    deployment: Option<String>,
    /// The model that answers, as far as it is known.
    pub(super) model: String,
    /// The size of its vectors, as far as it is known.
    pub(super) dimensions: Option<u32>,
    #[serde(skip)]
    why: WhyProvider,
}

impl Provider {
    pub(super) async fn of(opened: &Opened) -> Result<Self, Failure> {
        let identity = opened.model.identity();
        let why = opened.provider.why;
        Ok(Self {
            provider: identity.provider.clone(),
            provider_why: name_of(why),
            endpoint: identity.endpoint.clone(),
            deployment: identity.deployment.clone(),
            model: opened.model_name().await?,
            dimensions: identity.dimensions,
            why,
        })
    }

    /// What people are shown of it.
    pub(super) fn rows(&self, language: Language) -> Vec<(String, String)> {
        let mut provider = format!("{} {}", self.provider, self.model);
        if let Some(dimensions) = self.dimensions {
            provider = language.with_dimensions(&provider, dimensions);
        }
        let mut rows = vec![
            (language.label_provider(), provider),
            (language.label_reason(), reason(self.why, language)),
        ];
        let place = place(self.deployment.as_deref(), self.endpoint.as_deref(), language);
        rows.extend(place.map(|place| (language.label_served(), place)));
        rows
    }
}

/// Where a service's model is.
pub(super) fn place(
    deployment: Option<&str>,
    endpoint: Option<&str>,
    language: Language,
) -> Option<String> {
    match (deployment, endpoint) {
        (Some(deployment), Some(endpoint)) => Some(language.deployed_at(deployment, endpoint)),
        (deployment, endpoint) => deployment.or(endpoint).map(str::to_owned),
    }
}

/// A stable name for programs.
fn name_of(why: WhyProvider) -> &'static str {
    match why {
        WhyProvider::Chosen => "chosen",
        WhyProvider::AzureIsSet => "azure_is_set",
        WhyProvider::OpenAiIsSet => "openai_is_set",
        WhyProvider::ModelIsSet => "model_is_set",
        WhyProvider::NothingIsSet => "nothing_is_set",
        _ => "other",
    }
}

/// A text for people.
fn reason(why: WhyProvider, language: Language) -> String {
    match why {
        WhyProvider::Chosen => language.why_chosen(),
        WhyProvider::AzureIsSet => language.why_azure(),
        WhyProvider::OpenAiIsSet => language.why_openai(),
        WhyProvider::ModelIsSet => language.why_model(),
        WhyProvider::NothingIsSet => language.why_lexical(),
        _ => language.why_unknown(),
    }
}

/// What tokens cost.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    usd: f64,
    usd_per_million_input: f64,
    usd_per_million_output: f64,
    date: String,
}

impl Cost {
    /// The cost of these tokens of a model; `None` where its price is not known.
    #[expect(clippy::cast_precision_loss, reason = "an amount for people")]
    pub(super) fn of(
        usage: TokenUsage,
        prices: &Prices,
        identity: &ModelIdentity,
        answering: Option<&str>,
    ) -> Option<Self> {
        let quote = prices.quote(identity, answering)?;
        let price = quote.price;
        let parts = [
            (usage.prompt.saturating_sub(usage.cached_prompt), price.input),
            (usage.cached_prompt, price.cached_input),
            (usage.completion, price.output),
        ];
        let picodollars: f64 = parts.iter().map(|(n, price)| *n as f64 * *price as f64).sum();
        Some(Self {
            usd: picodollars / 1e12,
            usd_per_million_input: price.input as f64 / 1e6,
            usd_per_million_output: price.output as f64 / 1e6,
            date: quote.date,
        })
    }

    /// What people are shown of it.
    pub(super) fn shown(&self, language: Language) -> String {
        let money = figures::dollars(self.usd);
        let input = figures::price(self.usd_per_million_input);
        if self.usd_per_million_output > 0.0 {
            let output = figures::price(self.usd_per_million_output);
            return language.cost_of_both(&money, &input, &output, &self.date);
        }
        language.cost(&money, &input, &self.date)
    }
}
