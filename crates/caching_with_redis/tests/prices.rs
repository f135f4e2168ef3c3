//! Prices of one's own.
#![allow(clippy::unwrap_used)]

use std::io::Write;

use caching_with_redis::Prices;
use caching_with_redis::core::{ModelIdentity, PriceTable};

fn read(text: &str) -> Result<Prices, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Prices::read(file.path()).map_err(|error| error.to_string())
}

fn deployed(name: &str) -> ModelIdentity {
    let mut identity = ModelIdentity::new("azure-openai", name);
    identity.deployment = Some(name.to_owned());
    identity
}

const OWN: &str = r#"
date = "2027-02-01"

[prices."text-embedding-3-small"]
input = 0.02

[prices."our.own-4.1"]
input = 1
cached_input = 0.5
output = 2.5

[deployments]
"our-embeddings" = "text-embedding-3-small"
"large one" = "text-embedding-3-large"
"#;

#[test]
fn a_file_goes_before_the_built_in_table_and_each_price_has_its_date() {
    let prices = read(OWN).unwrap();
    let quote = |identity: &ModelIdentity, answering: Option<&str>| {
        let quote = prices.quote(identity, answering).unwrap();
        (quote.price.input, quote.price.cached_input, quote.price.output, quote.date)
    };
    let own = "2027-02-01".to_owned();
    let built_in = PriceTable::DATE.to_owned();
    let of = |model: &str| ModelIdentity::new("openai", model);
    assert_eq!(quote(&of("text-embedding-3-small"), None), (20_000, 20_000, 0, own.clone()));
    assert_eq!(quote(&of("our.own-4.1"), None), (1_000_000, 500_000, 2_500_000, own.clone()));
    assert_eq!(quote(&deployed("our-embeddings"), Some("other")), (20_000, 20_000, 0, own));
    assert_eq!(quote(&deployed("large one"), None), (143_000, 143_000, 0, built_in.clone()));
    let answered = quote(&deployed("unknown"), Some("text-embedding-ada-002-v2"));
    assert_eq!(answered, (110_000, 110_000, 0, built_in));
    assert_eq!(prices.quote(&deployed("unknown"), None), None);
}

#[test]
fn the_built_in_table_may_be_left_out() {
    let prices = read("built_in = false\n").unwrap();
    assert_eq!(prices.quote(&ModelIdentity::new("openai", "gpt-4o"), None), None);
    assert!(Prices::default().quote(&ModelIdentity::new("openai", "gpt-4o"), None).is_some());
}

#[test]
fn mistakes_are_named() {
    let cases = [
        ("date = \"2026-11\"\n[prices.\"m\"]\ninput = -1", "\"m\""),
        ("date = \"2026-11\"\n[prices.\"m\"]\ninput = nan", "\"m\""),
        ("date = \"2026-11\"\n[prices.\"m\"]\noutput = 1", "input"),
        ("date = \"2026-11\"\n[prices.\"m\"]\ninput = 1\nimput = 2", "imput"),
        ("price = 1", "price"),
        ("[prices.\"m\"]\ninput = 1", "date"),
        ("[deployments]\nd = \"no-such-model\"", "no-such-model"),
        ("built_in = false\n[deployments]\nd = \"gpt-4o\"", "gpt-4o"),
        ("date = \n", "line 1"),
    ];
    for (text, part) in cases {
        let error = read(text).unwrap_err();
        assert!(error.contains(part) && error.contains("CACHE_PRICES"), "{text:?}: {error}");
    }
    let missing = Prices::read(std::path::Path::new("/nowhere/prices.toml")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/prices.toml"));
}
