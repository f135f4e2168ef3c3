//! From a text to token numbers, as sentence-transformers does it.

use std::borrow::Cow;

use serde::Deserialize;
use tokenizers::{Encoding, Tokenizer, TruncationDirection};

use super::OpenModelError;
use super::config::TransformerConfig;
use super::error::guarded;
use super::folder::ModelFolder;
use super::recipe::Recipe;

const TOKENIZER: &str = "tokenizer.json";
const SETTINGS: &str = "tokenizer_config.json";
const ADVICE: &str = "make it with Python: \
                      AutoTokenizer.from_pretrained(folder).save_pretrained(folder)";
/// What the library takes when no file says how long a text may be.
const DEFAULT_MAX_TOKENS: usize = 512;
/// A text's first tokens are looked for in this many bytes for each, then in ever more.
const BYTES_PER_TOKEN: usize = 16;
/// Nothing after this many bytes of a text is looked at.
const LONGEST_PREFIX: usize = 1 << 20;
/// The end of a prefix may tear a word in two, and some tokenizers look one word ahead.
const UNSETTLED_WORDS: u32 = 2;

/// The tokenizer of a model, with its limit.
#[derive(Debug)]
pub(super) struct TextTokenizer {
    tokenizer: Tokenizer,
    max_tokens: usize,
    /// Tokens that every text has: those that mark beginning and end.
    added: usize,
    lower_case: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Settings {
    /// Some write an enormous number for "no limit", which only a float can hold.
    model_max_length: Option<f64>,
}

impl TextTokenizer {
    /// Reads it. `asked` is the user's own limit, which can only lower the model's.
    pub(super) fn read(
        folder: &mut ModelFolder,
        recipe: &Recipe,
        config: &TransformerConfig,
        asked: Option<usize>,
    ) -> Result<Self, OpenModelError> {
        let name = recipe.file(TOKENIZER);
        let bytes = folder.bytes(&name, ADVICE)?;
        let path = folder.path_of(&name);
        let (tokenizer, added) = guarded(&path, || {
            parse(&bytes).map_err(|error| {
                OpenModelError::damaged_by(&path, format!("no tokenizer: {error}"), error)
            })
        })?;
        check_vocabulary(&tokenizer, config)
            .map_err(|what| OpenModelError::mismatch(&path, what))?;
        let settings: Settings = folder.optional_json(&recipe.file(SETTINGS))?.unwrap_or_default();
        let model = model_limit(recipe, config, &settings);
        let max_tokens = asked.map_or(model, |asked| asked.min(model));
        if max_tokens <= added {
            let what = format!(
                "adds {added} tokens to every text and a text may have {max_tokens}: allow more"
            );
            return Err(OpenModelError::mismatch(&path, what));
        }
        Ok(Self { tokenizer, max_tokens, added, lower_case: recipe.lower_case })
    }

    pub(super) fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The text with its prompt, without white space around them, and without what is so far back
    /// that it cannot matter.
    pub(super) fn prepare(prompt: &str, text: &str) -> String {
        if prompt.is_empty() {
            return prefix(trim(text), LONGEST_PREFIX).to_owned();
        }
        let text = [prompt, prefix(text, LONGEST_PREFIX)].concat();
        trim(&text).to_owned()
    }

    /// The numbers of a prepared text's tokens, at most [`max_tokens`](Self::max_tokens), those
    /// that are added included.
    ///
    /// A long text is not tokenized as a whole: where a prefix has enough tokens before its last
    /// words, the tokens of the rest would be cut off.
    pub(super) fn encode(&self, text: &str) -> tokenizers::Result<Vec<u32>> {
        let text =
            if self.lower_case { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
        let mut length = self.max_tokens.saturating_mul(BYTES_PER_TOKEN);
        while length < text.len() {
            let encoding = self.tokenizer.encode(prefix(&text, length), false)?;
            if self.is_settled(&encoding) {
                return self.finish(encoding);
            }
            length = length.saturating_mul(4);
        }
        self.finish(self.tokenizer.encode_fast(&*text, false)?)
    }

    /// Whether the tokens that will be kept are the same for any longer text.
    fn is_settled(&self, encoding: &Encoding) -> bool {
        let words = encoding.get_word_ids();
        let last_kept = words.get(self.max_tokens - self.added - 1).copied().flatten();
        let last = words.last().copied().flatten();
        last_kept.zip(last).is_some_and(|(kept, last)| kept.saturating_add(UNSETTLED_WORDS) <= last)
    }

    fn finish(&self, mut encoding: Encoding) -> tokenizers::Result<Vec<u32>> {
        encoding.truncate(self.max_tokens - self.added, 0, TruncationDirection::Right);
        encoding.take_overflowing();
        let finished = self.tokenizer.post_process(encoding, None, true)?;
        Ok(finished.get_ids().to_vec())
    }
}

/// The tokenizer, and how many tokens it adds to every text.
fn parse(bytes: &[u8]) -> tokenizers::Result<(Tokenizer, usize)> {
    let mut tokenizer = Tokenizer::from_bytes(bytes)?;
    // Cutting and padding is done here, by the model's own limit and the batch.
    tokenizer.with_truncation(None)?.with_padding(None);
    let added = tokenizer.encode_fast("", true)?.len();
    Ok((tokenizer, added))
}

/// As Python's `str.strip`, which takes four control characters for white space, too.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}

/// At most `length` bytes of the text.
fn prefix(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The limit as the library finds it, which the table of positions overrules.
fn model_limit(recipe: &Recipe, config: &TransformerConfig, settings: &Settings) -> usize {
    let positions = config.most_tokens();
    let stated = recipe.max_tokens.or_else(|| {
        let stated = settings.model_max_length.filter(|most| (1.0..1e6).contains(most))?;
        // `try_from` takes no float; the value is a whole number well within range.
        format!("{stated:.0}").parse().ok()
    });
    match (stated, positions) {
        (Some(stated), Some(positions)) => stated.min(positions),
        (one, other) => one.or(other).unwrap_or(DEFAULT_MAX_TOKENS),
    }
}

/// Every token must have its row in the model's table.
fn check_vocabulary(tokenizer: &Tokenizer, config: &TransformerConfig) -> Result<(), String> {
    let Some(largest) = tokenizer.get_vocab(true).into_values().max() else {
        return Err("has no tokens: take the one that belongs to the model".to_owned());
    };
    match config.vocab_size {
        Some(rows) if largest as usize >= rows => Err(format!(
            "has a token number {largest}, the model's config.json knows {rows} tokens: they are \
             not of one model"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tokenizers::models::wordpiece::WordPiece;
    use tokenizers::normalizers::BertNormalizer;
    use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
    use tokenizers::processors::bert::BertProcessing;

    use super::*;

    /// A tokenizer as BERT's, of 16 tokens a text.
    fn bert() -> TextTokenizer {
        let tokens = ["[UNK]", "[CLS]", "[SEP]", "a", "b", "##a", "##b", ",", "漢"];
        let mut numbers = 0..;
        let vocabulary = tokens.map(|token| (token.to_owned(), numbers.next().unwrap()));
        let model = WordPiece::builder().vocab(vocabulary).build().unwrap();
        let mut tokenizer = Tokenizer::new(model);
        tokenizer.with_normalizer(Some(BertNormalizer::default())).unwrap();
        tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
        let ends = BertProcessing::new(("[SEP]".to_owned(), 2), ("[CLS]".to_owned(), 1));
        tokenizer.with_post_processor(Some(ends));
        TextTokenizer { tokenizer, max_tokens: 16, added: 2, lower_case: false }
    }

    #[test]
    fn a_long_text_gets_the_tokens_that_it_has_as_a_whole() {
        let bert = bert();
        for unit in ["ab ", "a,b", "aabb", "漢", "  ", "x", "ab\u{301} ", "abba abba ab, 漢"] {
            for count in [1, 50, 64, 83, 100, 1_000, 20_000] {
                let text = format!("{}b ab", unit.repeat(count));
                let whole = bert.tokenizer.encode_fast(text.as_str(), false).unwrap();
                let whole = bert.finish(whole).unwrap();
                assert_eq!(bert.encode(&text).unwrap(), whole, "{unit:?} {count} times");
            }
        }
    }

    #[test]
    fn a_text_with_enough_first_words_is_not_tokenized_as_a_whole() {
        let bert = bert();
        let start = bert.tokenizer.encode(prefix(&"ab ".repeat(1_000), 256), false).unwrap();
        assert!(bert.is_settled(&start));
        let unbroken = bert.tokenizer.encode("ab".repeat(40), false).unwrap();
        assert!(!bert.is_settled(&unbroken), "one word, which may go on");
    }

    #[test]
    fn texts_are_prepared_as_by_the_library() {
        assert_eq!(TextTokenizer::prepare("", "\u{1c} \u{3000}a b\u{85}\u{1f}\n"), "a b");
        assert_eq!(TextTokenizer::prepare("", "\u{200b}a"), "\u{200b}a");
        assert_eq!(TextTokenizer::prepare("query: ", " a "), "query:  a");
        assert_eq!(TextTokenizer::prepare("", &"a".repeat(3 << 20)).len(), LONGEST_PREFIX);
    }

    #[test]
    fn a_prefix_ends_between_characters() {
        assert_eq!(prefix("가나다", 7), "가나");
        assert_eq!(prefix("가", 2), "");
        assert_eq!(prefix("abc", 9), "abc");
    }
}
