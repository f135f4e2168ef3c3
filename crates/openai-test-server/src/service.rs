//! What the service answers when nothing goes wrong.

use serde_json::Value;

use crate::answer::Answer;
use crate::api::{Api, Operation};
use crate::chat::{self, ChatRequest};
use crate::embeddings::{EmbeddingList, EmbeddingRequest};
use crate::model::{Model, ModelKind};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::route::{Route, query_value};
use crate::state::State;

/// The normal answer to a request.
pub(crate) fn answer(state: &State, request: &Request) -> Answer {
    let route = Route::of(&request.path);
    let number = state.next_answer();
    let mut answer = respond(state, request, &route, number)
        .unwrap_or_else(|refusal| refusal.into_answer(route.api));
    let name = if route.api.is_azure() { "apim-request-id" } else { "x-request-id" };
    answer.headers.push((name.to_owned(), format!("test-{number}")));
    answer
}

/// A named deployment and who asks for it how.
struct Call<'a> {
    state: &'a State,
    request: &'a Request,
    api: Api,
    operation: Operation,
    deployment: &'a str,
    model: Model,
}

fn respond(
    state: &State,
    request: &Request,
    route: &Route,
    number: u64,
) -> Result<Answer, Refusal> {
    let api = route.api;
    let operation = operation(request, route)
        .ok_or_else(|| Refusal::no_such_path(api, &request.method, &request.path))?;
    state.credentials().check(api, request)?;
    if !request.body.is_object() {
        let message = "We could not parse the JSON body of your request. The API expects a JSON \
                       payload.";
        return Err(Refusal::new(400, message));
    }
    let deployment = route
        .deployment
        .as_deref()
        .or_else(|| request.body["model"].as_str())
        .ok_or_else(|| Refusal::new(400, "you must provide a model parameter"))?;
    let model =
        state.model(deployment).ok_or_else(|| Refusal::no_such_deployment(api, deployment))?;
    let call = Call { state, request, api, operation, deployment, model };
    match (operation, model.kind) {
        (Operation::Embeddings, ModelKind::Embedding { dimensions, shortens }) => {
            call.embeddings(dimensions, shortens)
        }
        (Operation::Chat, ModelKind::Chat) => call.chat(number),
        _ => Err(Refusal::wrong_operation(operation, model.name)),
    }
}

/// What is asked for; none where nothing is at the path. Classic paths need a version.
fn operation(request: &Request, route: &Route) -> Option<Operation> {
    let versioned =
        route.api != Api::AzureClassic || query_value(&request.query, "api-version").is_some();
    route.operation.filter(|_| versioned && request.method == "POST")
}

impl Call<'_> {
    fn embeddings(&self, dimensions: usize, shortens: bool) -> Result<Answer, Refusal> {
        let settings = &self.state.settings;
        let parsed = EmbeddingRequest::parse(self.request, self.api, dimensions, shortens)?;
        parsed.check(&settings.limits)?;
        let rates = self.admit(parsed.tokens())?;
        let base64 = parsed.base64 && !settings.ignores_base64;
        let mut list = EmbeddingList::of(&parsed, self.model.name, base64);
        if settings.shuffles {
            list.shuffle();
        }
        Ok(Answer::embeddings(list).with_headers(rates))
    }

    fn chat(&self, number: u64) -> Result<Answer, Refusal> {
        let parsed = ChatRequest::parse(&self.request.body)?;
        let rates = self.admit(parsed.prompt_tokens)?;
        let head = chat::Head::new(self.api, self.model.name, number);
        let choices = chat::choices(&parsed);
        let answer = if parsed.stream {
            let async_filter = self.state.settings.async_filter;
            Answer::events(chat::chunks(&head, &parsed, &choices, async_filter))
        } else {
            Answer::json(200, &chat::completion(&head, &parsed, &choices))
        };
        Ok(answer.with_headers(rates))
    }

    /// Takes the request from its deployment's rates; gives the headers that tell of them.
    fn admit(&self, tokens: usize) -> Result<Vec<(String, String)>, Refusal> {
        let (rates, admission) = self.state.admit(self.deployment, tokens, self.api);
        match admission {
            Ok(()) => Ok(rates),
            Err(excess) => {
                let refusal =
                    Refusal::over_rate(self.api, self.operation, self.model.name, &excess);
                Err(refusal.headers(rates))
            }
        }
    }
}

/// A field that is there and not null.
pub(crate) fn given<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}
