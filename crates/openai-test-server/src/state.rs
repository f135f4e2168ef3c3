//! What a server knows.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::credentials::Credentials;
use crate::fault::Fault;
use crate::limiter::{Excess, Limiter, Rates};
use crate::model::Model;
use crate::request::Request;

/// What stays as the server was started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) rates: Rates,
    pub(crate) ignores_base64: bool,
    pub(crate) shuffles: bool,
    pub(crate) async_filter: bool,
    pub(crate) latency: Duration,
    pub(crate) chunk_delay: Duration,
}

/// How much one embeddings request may hold.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) inputs: usize,
    pub(crate) input_tokens: usize,
    pub(crate) request_tokens: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { inputs: 2048, input_tokens: 8192, request_tokens: 300_000 }
    }
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    changing: Mutex<Changing>,
}

/// What changes while the server runs.
#[derive(Debug, Default)]
struct Changing {
    credentials: Credentials,
    deployments: HashMap<String, Model>,
    limiters: HashMap<String, Limiter>,
    requests: Vec<Arc<Request>>,
    script: VecDeque<Fault>,
    always: Option<Fault>,
    answers: u64,
    rejected: usize,
}

impl State {
    pub(crate) fn new(
        settings: Settings,
        credentials: Credentials,
        deployments: HashMap<String, Model>,
    ) -> Self {
        let changing = Changing { credentials, deployments, ..Changing::default() };
        Self { settings, changing: Mutex::new(changing) }
    }

    /// Takes a request down and draws its fault, so that the n-th request has the n-th fault.
    pub(crate) fn receive(&self, request: &Arc<Request>) -> Fault {
        let mut changing = self.changing();
        changing.requests.push(Arc::clone(request));
        let scripted = changing.script.pop_front();
        scripted.or_else(|| changing.always.clone()).unwrap_or(Fault::Nothing)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        let requests = self.changing().requests.clone();
        requests.iter().map(|request| Request::clone(request)).collect()
    }

    pub(crate) fn clear_requests(&self) {
        self.changing().requests.clear();
    }

    pub(crate) fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.changing().script.extend(faults);
    }

    pub(crate) fn always(&self, fault: Fault) {
        self.changing().always = Some(fault);
    }

    pub(crate) fn behave(&self) {
        let mut changing = self.changing();
        changing.always = None;
        changing.script.clear();
    }

    pub(crate) fn credentials(&self) -> Credentials {
        self.changing().credentials.clone()
    }

    pub(crate) fn set_bearer_token(&self, token: &str) {
        token.clone_into(&mut self.changing().credentials.bearer_token);
    }

    /// The model behind a name: what was deployed under it, or the model that is called so.
    pub(crate) fn model(&self, name: &str) -> Option<Model> {
        let deployed = self.changing().deployments.get(name).copied();
        deployed.or_else(|| Model::find(name))
    }

    pub(crate) fn deploy(&self, name: &str, model: Model) {
        self.changing().deployments.insert(name.to_owned(), model);
    }

    /// Takes a request from a deployment's rates. Gives the headers that tell of them, and whether
    /// it is over.
    pub(crate) fn admit(
        &self,
        deployment: &str,
        tokens: usize,
        api: Api,
    ) -> (Vec<(String, String)>, Result<(), Excess>) {
        let now = Instant::now();
        let mut changing = self.changing();
        let limiter = changing
            .limiters
            .entry(deployment.to_owned())
            .or_insert_with(|| Limiter::new(&self.settings.rates, now));
        let admission = limiter.admit(tokens as f64, now);
        let headers = limiter.headers(api);
        changing.rejected += usize::from(admission.is_err());
        (headers, admission)
    }

    pub(crate) fn rejected(&self) -> usize {
        self.changing().rejected
    }

    /// The number of an answer, from 1 on.
    pub(crate) fn next_answer(&self) -> u64 {
        let mut changing = self.changing();
        changing.answers += 1;
        changing.answers
    }

    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
