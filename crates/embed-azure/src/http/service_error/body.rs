//! The body of a refusal.

use serde_json::Value;

use super::identifier;
use crate::http::failure::Hint;

/// What could be read of it. Nothing here is longer than a name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// The status that the body names.
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) param: Option<String>,
    /// The content filter's categories that refused.
    pub(super) categories: Vec<String>,
    pub(super) content_filtered: bool,
    /// Most tokens, and tokens asked for.
    pub(super) context_limit: Option<(u64, Option<u64>)>,
    pub(super) too_long: bool,
    pub(super) no_dimensions: bool,
    pub(super) no_such_resource: bool,
    pub(super) hint: Option<Hint>,
}

impl ErrorBody {
    /// Takes `{"error":{…}}`, `{"error":"…"}`, the same without its wrapping, and anything else as
    /// saying nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let outer = value.as_array().and_then(|all| all.first()).unwrap_or(&value);
        let error = outer.get("error").filter(|error| !error.is_null()).unwrap_or(outer);
        let inner = ["innererror", "inner_error"].into_iter().find_map(|name| error.get(name));
        let name = |of: &Value, name: &str| match of.get(name)? {
            Value::String(text) => identifier(text, 64),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let code = name(error, "code")
            .or_else(|| name(error, "type"))
            .or_else(|| inner.and_then(|inner| name(inner, "code")));
        let status = [error.get("statusCode"), outer.get("statusCode"), error.get("status")]
            .into_iter()
            .flatten()
            .find_map(number)
            .or_else(|| code.as_ref()?.parse().ok())
            .filter(|status| (400..600).contains(status));
        let categories = refusing(error, inner);
        let by_code = |code: Option<String>| {
            code.is_some_and(|code| {
                matches!(code.as_str(), "content_filter" | "ResponsibleAIPolicyViolation")
            })
        };
        let message = error.get("message").or_else(|| outer.get("message")).unwrap_or(error);
        let mut read = Self {
            status,
            content_filtered: !categories.is_empty()
                || by_code(code.clone())
                || by_code(inner.and_then(|inner| name(inner, "code"))),
            categories,
            param: name(error, "param"),
            code,
            ..Self::default()
        };
        read.read_message(message.as_str().unwrap_or_default());
        read
    }

    /// Looks for the phrases that the services are known to use.
    fn read_message(&mut self, message: &str) {
        let message = message.to_ascii_lowercase();
        let has = |phrase: &str| message.contains(phrase);
        let after = |phrase: &str| first_number(message.split_once(phrase)?.1);
        let code = self.code.as_deref().unwrap_or_default();
        self.too_long = code == "context_length_exceeded" || has("maximum context length");
        if let Some(limit) = after("maximum context length") {
            let asked = after("you requested").or_else(|| after("resulted in"));
            self.context_limit = Some((limit, asked));
        }
        self.no_dimensions = has("does not support specifying dimensions");
        self.no_such_resource = has("resource not found");
        self.hint = if let Some(most) = after("max number of inputs is") {
            Some(Hint::MaxInputs(usize::try_from(most).unwrap_or(usize::MAX)))
        } else if code == "max_tokens_per_request" || has("tokens per request") {
            Some(Hint::RequestTooLarge)
        } else {
            self.input_at_fault().map(|index| Hint::Input(Some(index)))
        };
    }

    /// The 3 of `input[3]`, or of `input.3`.
    fn input_at_fault(&self) -> Option<usize> {
        let rest = self.param.as_deref()?.trim_start_matches("$.").strip_prefix("input")?;
        rest.trim_matches(['[', ']', '.']).parse().ok()
    }
}

fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn first_number(text: &str) -> Option<u64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = &text[start..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// The content filter's categories that refused, in both documented spellings.
fn refusing(error: &Value, inner: Option<&Value>) -> Vec<String> {
    let results = [inner, Some(error)].into_iter().flatten().find_map(|holder| {
        ["content_filter_result", "content_filter_results"]
            .into_iter()
            .find_map(|name| holder.get(name)?.as_object())
    });
    let filtered = |result: &Value| result.get("filtered").and_then(Value::as_bool) == Some(true);
    results
        .into_iter()
        .flatten()
        .filter(|(_, result)| filtered(result))
        .filter_map(|(category, _)| identifier(category, 64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> ErrorBody {
        ErrorBody::read(body.as_bytes())
    }

    #[test]
    fn every_documented_form_is_read() {
        for body in [
            r#"{"error":{"code":"429","message":"m"}}"#,
            r#"{"error":{"code":429,"message":"m"}}"#,
            r#"{"statusCode":429,"message":"m"}"#,
            r#"{"error":{"code":"429","message":null,"param":null}}"#,
        ] {
            assert_eq!(read(body).status, Some(429), "{body}");
        }
        let openai = read(
            r#"{"error":{"message":"m","type":"invalid_request_error","param":"input[3]","code":null}}"#,
        );
        assert_eq!(openai.code.as_deref(), Some("invalid_request_error"));
        assert_eq!(openai.hint, Some(Hint::Input(Some(3))));
        for nothing in ["", "<html>429</html>", "null", "7", "[]", "{}", "{\"error\":null}"] {
            assert_eq!(read(nothing), ErrorBody::default(), "{nothing}");
        }
    }

    #[test]
    fn numbers_are_taken_out_of_messages() {
        let long = read(
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens, however you requested 9001 tokens (9001 in your prompt)."}}"#,
        );
        assert_eq!((long.too_long, long.context_limit), (true, Some((8192, Some(9001)))));
        let many = read(
            r#"{"error":{"message":"Too many inputs. The max number of inputs is 16.  We hope to increase"}}"#,
        );
        assert_eq!(many.hint, Some(Hint::MaxInputs(16)));
    }

    #[test]
    fn both_spellings_of_the_content_filter() {
        for body in [
            r#"{"error":{"code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true},"violence":{"filtered":false}}}}}"#,
            r#"{"error":{"code":null,"inner_error":{"content_filter_results":{"hate":{"filtered":true},"self_harm":{"filtered":false}}}}}"#,
        ] {
            let body = read(body);
            assert_eq!(body.categories, ["hate"]);
            assert!(body.content_filtered);
        }
    }

    #[test]
    fn what_is_no_name_is_not_passed_on() {
        let body = read(r#"{"error":{"code":"a prompt with spaces","param":"물음"}}"#);
        assert_eq!((body.code, body.param), (None, None));
    }
}
