//! Items that somebody may like: near to what they liked, filtered by what they can use, and why.
//!
//! `cargo run --release --example recommendation -- "year>=1990, minutes<120"`
//!
//! The provider of the settings embeds the descriptions. The lexical one, which is taken where nothing
//! is set up, knows spelling and no meanings: a model makes better recommendations.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use anyhow::Context;
use caching_with_redis::core::vector::{
    AttributeKind, AttributeName, AttributeValue, Filter, IndexName, IndexSchema, VectorEntry,
    VectorId, VectorQuery,
};
use caching_with_redis::core::{Embedding, Namespace, Ttl};
use caching_with_redis::{Settings, builder, open_backend, open_provider, open_vectors};

/// Title, genre, year, minutes, what it is about.
const CATALOGUE: &str = "\
Solaris|science fiction|1972|167|a space station above an ocean planet that makes memories real
Alien|science fiction|1979|117|the crew of a space ship is hunted by a creature in deep space
Moon|science fiction|2009|97|a lonely worker on a moon station finds out that he is a copy
Gravity|science fiction|2013|91|two astronauts are stranded in space, their station destroyed
The Martian|science fiction|2015|144|an astronaut is stranded alone on Mars and grows potatoes
Arrival|science fiction|2016|116|a linguist learns the language of visitors from space
Ratatouille|comedy|2007|111|a rat who loves cooking becomes the chef of a restaurant in Paris
Chef|comedy|2014|114|a chef leaves his restaurant and sells sandwiches from a food truck
Babette's Feast|drama|1987|103|a cook from Paris spends a fortune on one dinner for a village
The Lunchbox|drama|2013|104|a meal that is delivered to the wrong man becomes a correspondence
Heat|crime|1995|170|a detective hunts a crew of professional bank robbers in Los Angeles
Inside Man|crime|2006|129|a detective talks with a bank robber who has taken hostages
Parasite|crime|2019|132|a poor family worms its way into the house of a rich family in Seoul
Memories of Murder|crime|2003|131|two detectives hunt a murderer in a village near Seoul";

/// What our viewer has liked.
const LIKED: [&str; 2] = ["Gravity", "The Martian"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    let store = open_backend(&settings).await?;
    let vectors = open_vectors(&settings, &store).await?;
    let provider = open_provider(&settings).await?.provider;
    let cache = builder(&settings, store.backend)?.provider(provider).build()?;

    // A vector of each description, with what can be asked for.
    let films: Vec<Vec<&str>> = CATALOGUE.lines().map(|line| line.split('|').collect()).collect();
    let abouts: Vec<&str> = films.iter().map(|film| film[4]).collect();
    let embeddings = cache.embed_batch(&abouts).await?;
    let name = AttributeName::new;
    let schema = IndexSchema::new(embeddings[0].dimensions())?
        .with_attribute(name("title")?, AttributeKind::Tags)
        .with_attribute(name("genre")?, AttributeKind::Tags)
        .with_attribute(name("year")?, AttributeKind::Number)
        .with_attribute(name("minutes")?, AttributeKind::Number);
    let index = IndexName::new(Namespace::new(&settings.namespace)?, "recommendation")?;
    let index = vectors.store.open(&index, &schema);
    let mut entries = Vec::new();
    for (film, vector) in films.iter().zip(&embeddings) {
        let attributes = [
            (name("title")?, AttributeValue::tag(film[0])),
            (name("genre")?, AttributeValue::tag(film[1])),
            (name("year")?, AttributeValue::Number(film[2].parse()?)),
            (name("minutes")?, AttributeValue::Number(film[3].parse()?)),
        ];
        let entry = VectorEntry::new(VectorId::new(film[0])?, vector.clone(), Ttl::FOREVER);
        entries.push(entry.with_attributes(attributes.into()));
    }
    index.upsert_many(&entries).await?;

    // What is liked, as one vector: the middle of them all.
    let all: Vec<_> = entries.iter().map(|entry| (entry.id.as_str(), &entry.vector)).collect();
    let liked: Vec<_> = all.iter().filter(|(title, _)| LIKED.contains(title)).collect();
    let mut middle = vec![0.0; schema.dimensions];
    for (_, vector) in &liked {
        middle.iter_mut().zip(vector.iter()).for_each(|(sum, value)| *sum += value);
    }

    // The nearest to it that are not known yet, and that pass what was asked for.
    let known = LIKED.map(str::to_owned).to_vec();
    let mut filter = Filter::Tags(name("title")?, known).not();
    if let Some(wanted) = std::env::args().nth(1) {
        filter = filter.and(Filter::parse(&wanted, &schema)?);
    }
    let query = VectorQuery::nearest(Embedding::new(middle)?, 4).with_filter(filter);
    println!("liked: {}", LIKED.join(", "));
    for found in index.search_many(&[query]).await?.remove(0) {
        let title = found.id.as_str();
        let film = films.iter().find(|film| film[0] == title).context("it is of the catalogue")?;
        let (_, vector) =
            all.iter().find(|(known, _)| *known == title).context("so is its vector")?;
        let likeness = |liked: &Embedding| vector.cosine_similarity(liked).unwrap_or(-1.0);
        let nearest = liked.iter().max_by(|a, b| likeness(a.1).total_cmp(&likeness(b.1)));
        let because = nearest.map_or("", |(title, _)| title);
        let likeness = found.similarity.get();
        println!("  {likeness:.2}  {title} ({}, {}), as {because} was liked", film[1], film[2]);
    }
    Ok(cache.flush().await?)
}
