//! What answers cost.

use std::sync::{Mutex, PoisonError};

use cache_core::Price;

use super::Core;

/// The price of the model that answered last: nearly always the one that is asked for next.
#[derive(Debug, Default)]
pub(super) struct LastPrice(Mutex<Option<(Option<String>, Option<Price>)>>);

impl LastPrice {
    fn of(&self, model: Option<&str>, look_up: impl FnOnce() -> Option<Price>) -> Option<Price> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((of, price)) if of.as_deref() == model => *price,
            _ => {
                let price = look_up();
                *last = Some((model.map(str::to_owned), price));
                price
            }
        }
    }
}

impl Core {
    /// What the tokens of this answer cost: by the model that it names, which may not be known
    /// before.
    pub(super) fn price(&self, answered: Option<&str>) -> Option<Price> {
        self.last_price.of(answered, || {
            let version = self.identity.version.as_deref().unwrap_or_default();
            let names = [answered.unwrap_or_default(), version, &self.identity.model];
            self.config.prices.price(self.identity.deployment.as_deref(), &names)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_has_its_own_price() {
        let last = LastPrice::default();
        let price = |dollars| Some(Price::per_million(dollars));
        assert_eq!(last.of(Some("a"), || price(1.0)), price(1.0));
        assert_eq!(last.of(Some("a"), || None), price(1.0));
        assert_eq!(last.of(None, || None), None);
        assert_eq!(last.of(None, || price(2.0)), None);
        assert_eq!(last.of(Some("b"), || price(3.0)), price(3.0));
        assert_eq!(last.of(Some("a"), || price(4.0)), price(4.0));
    }
}
