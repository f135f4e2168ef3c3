//! What may be cached.

use cache_core::ChatRequest;
use serde_json::Value;

/// Which requests' answers may be cached, and which answers are kept.
///
/// By default only requests that ask for the same answer every time: `temperature` is 0 or a `seed`
/// is given. A request that says nothing of either is answered with the service's own temperature,
/// usually 1: it asks for a new answer each time, and gets one. (Reasoning models refuse
/// `temperature`: allow their requests [one by one](crate::CallOptions::allow) or
/// [all](Self::cache_all).) What is not cacheable goes to the provider untouched.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    every_temperature: bool,
    most_temperature: f64,
    several_choices: bool,
    tools: bool,
    images: bool,
    outside: bool,
    length: bool,
    max_bytes: usize,
}

impl Policy {
    /// The default: deterministic requests, with tools, images in the request and several choices.
    #[must_use]
    pub fn deterministic() -> Self {
        Self {
            every_temperature: false,
            most_temperature: 0.0,
            several_choices: true,
            tools: true,
            images: true,
            outside: false,
            length: false,
            max_bytes: 1 << 20,
        }
    }

    /// Requests of any temperature, given or not: whoever asks again gets the answer of the first.
    #[must_use]
    pub fn cache_all() -> Self {
        Self { every_temperature: true, ..Self::deterministic() }
    }

    /// Requests that give a temperature of at most this. Default: 0.
    #[must_use]
    pub fn with_max_temperature(mut self, temperature: f64) -> Self {
        self.most_temperature = temperature;
        self
    }

    /// Whether requests for several choices (`n`) are cached. Default: yes.
    #[must_use]
    pub fn with_several_choices(mut self, cached: bool) -> Self {
        self.several_choices = cached;
        self
    }

    /// Whether requests that offer tools or functions are cached. Default: yes.
    #[must_use]
    pub fn with_tools(mut self, cached: bool) -> Self {
        self.tools = cached;
        self
    }

    /// Whether requests with images are cached. Default: yes.
    #[must_use]
    pub fn with_images(mut self, cached: bool) -> Self {
        self.images = cached;
        self
    }

    /// Whether requests are cached whose answer depends on what is elsewhere: images by their
    /// address, `data_sources`, `web_search_options`. Default: no, since it may change there.
    #[must_use]
    pub fn with_outside_data(mut self, cached: bool) -> Self {
        self.outside = cached;
        self
    }

    /// Whether answers are kept that end because they reached their greatest length. Default: no.
    #[must_use]
    pub fn with_cut_answers(mut self, kept: bool) -> Self {
        self.length = kept;
        self
    }

    /// Answers that take more bytes than this, uncompressed, are not kept. Default: 1 MiB.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Whether the answer to this request may be cached.
    #[must_use]
    pub fn allows(&self, request: &ChatRequest) -> bool {
        let asked = Asked::of(request);
        self.is_steady(&asked)
            && (self.several_choices || !asked.several)
            && (self.tools || !asked.tools)
            && (self.outside || !asked.elsewhere)
            && self.allows_images(&asked)
    }

    fn is_steady(&self, asked: &Asked<'_>) -> bool {
        self.every_temperature
            || asked.seed
            || asked.temperature.is_some_and(|temperature| temperature <= self.most_temperature)
    }

    fn allows_images(&self, asked: &Asked<'_>) -> bool {
        (self.images && self.outside)
            || images(asked.messages).all(|image| self.images && is_inline(image))
    }

    /// Whether an answer may be kept: every choice has ended, and none was cut off or filtered.
    pub(crate) fn keeps(&self, answer: &Value) -> bool {
        let choices = answer.get("choices").and_then(Value::as_array);
        let ended_well = |choice: &Value| match choice.get("finish_reason").and_then(Value::as_str)
        {
            None | Some("" | "content_filter" | "error") => false,
            Some("length") => self.length,
            Some(_) => choice.get("message").is_some_and(Value::is_object),
        };
        answer.get("error").is_none_or(Value::is_null)
            && choices.is_some_and(|choices| !choices.is_empty() && choices.iter().all(ended_well))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::deterministic()
    }
}

/// What a request says that a policy goes by. Every hit asks: the parameters are walked once, not
/// looked up by name.
#[derive(Default)]
struct Asked<'r> {
    temperature: Option<f64>,
    seed: bool,
    several: bool,
    tools: bool,
    elsewhere: bool,
    messages: &'r [Value],
}

impl<'r> Asked<'r> {
    fn of(request: &'r ChatRequest) -> Self {
        let mut asked = Self::default();
        for (name, value) in request.body().iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                "messages" => asked.messages = value.as_array().map_or(&[], Vec::as_slice),
                "temperature" => asked.temperature = value.as_f64(),
                "seed" => asked.seed = true,
                "n" => asked.several = value.as_f64() != Some(1.0),
                "tools" | "functions" => asked.tools = true,
                "data_sources" | "web_search_options" => asked.elsewhere = true,
                _ => {}
            }
        }
        asked
    }
}

/// The addresses of the images in the messages.
fn images(messages: &[Value]) -> impl Iterator<Item = &Value> {
    let parts = messages.iter().filter_map(|message| message.get("content")?.as_array());
    parts.flatten().filter_map(|part| part.get("image_url"))
}

fn is_inline(image: &Value) -> bool {
    let address = image.get("url").unwrap_or(image).as_str();
    address.is_some_and(|address| address.starts_with("data:"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn steady() -> ChatRequest {
        ChatRequest::user("hi").with("temperature", 0)
    }

    fn with_image(address: &str) -> ChatRequest {
        let image = json!({ "type": "image_url", "image_url": { "url": address } });
        steady().with_message(json!({ "role": "user", "content": [image] }))
    }

    #[test]
    fn an_absent_temperature_is_not_zero() {
        let policy = Policy::default();
        assert!(!policy.allows(&ChatRequest::user("hi")));
        assert!(!policy.allows(&ChatRequest::user("hi").with("temperature", Value::Null)));
        assert!(!policy.allows(&ChatRequest::user("hi").with("temperature", 0.1)));
        assert!(!policy.allows(&ChatRequest::user("hi").with("temperature", "0")));
        assert!(policy.allows(&steady()));
        assert!(policy.allows(&ChatRequest::user("hi").with("seed", 7)));
        assert!(Policy::cache_all().allows(&ChatRequest::user("hi")));
        let warm = ChatRequest::user("hi").with("temperature", 0.3);
        assert!(Policy::default().with_max_temperature(0.3).allows(&warm));
    }

    #[test]
    fn kinds_of_requests_can_be_left_out() {
        let tools = steady().with("tools", json!([]));
        assert!(Policy::default().allows(&tools));
        assert!(!Policy::default().with_tools(false).allows(&tools));
        let two = steady().with("n", 2);
        assert!(Policy::default().allows(&two));
        assert!(!Policy::default().with_several_choices(false).allows(&two));
        assert!(Policy::default().with_several_choices(false).allows(&steady().with("n", 1)));
        let inline = with_image("data:image/png;base64,AAAA");
        assert!(Policy::default().allows(&inline));
        assert!(!Policy::default().with_images(false).allows(&inline));
    }

    #[test]
    fn what_is_elsewhere_may_change() {
        for request in [
            with_image("https://example.com/a.png"),
            steady().with("web_search_options", json!({})),
            steady().with("data_sources", json!([])),
        ] {
            assert!(!Policy::default().allows(&request));
            assert!(Policy::default().with_outside_data(true).allows(&request));
        }
        let remote = with_image("https://example.com/a.png");
        assert!(!Policy::default().with_outside_data(true).with_images(false).allows(&remote));
    }

    #[test]
    fn only_answers_that_ended_well_are_kept() {
        let answer = |reason: Value| {
            json!({ "choices": [
                { "message": {}, "finish_reason": "stop" },
                { "message": {}, "finish_reason": reason },
            ] })
        };
        let policy = Policy::default();
        for good in ["stop", "tool_calls", "function_call"] {
            assert!(policy.keeps(&answer(json!(good))));
        }
        for bad in [json!("content_filter"), json!("length"), json!(null), json!("")] {
            assert!(!policy.keeps(&answer(bad)));
        }
        assert!(policy.clone().with_cut_answers(true).keeps(&answer(json!("length"))));
        let mut failed = answer(json!("stop"));
        failed["error"] = json!({ "code": "429" });
        for bad in [failed, json!({}), json!({ "choices": [] }), json!(null)] {
            assert!(!policy.keeps(&bad));
        }
    }
}
