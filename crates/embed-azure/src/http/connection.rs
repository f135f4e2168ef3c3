//! What all models of one client share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Client;
use reqwest::header::HeaderMap;

use super::HttpOptions;
use super::limiter::Limiter;
use crate::build_error::BuildError;
use crate::credential::Auth;

/// The HTTP client with credentials and options, and what was learned of each deployment.
pub(crate) struct Connection {
    pub(super) client: Client,
    pub(super) auth: Auth,
    pub(super) headers: HeaderMap,
    pub(super) options: HttpOptions,
    deployments: Mutex<HashMap<String, Arc<Deployment>>>,
}

/// What is known of a deployment (or of a model of OpenAI), shared by everybody who uses it.
pub(crate) struct Deployment {
    pub(super) limiter: Limiter,
    max_inputs: AtomicUsize,
}

impl Connection {
    /// Nothing is connected. `fixed` are headers that the service itself defines.
    pub(crate) fn new(
        auth: Auth,
        options: HttpOptions,
        fixed: HeaderMap,
    ) -> Result<Self, BuildError> {
        let mut headers = options.headers()?;
        headers.extend(fixed);
        Ok(Self {
            client: options.client()?,
            auth,
            headers,
            options,
            deployments: Mutex::new(HashMap::new()),
        })
    }

    /// The deployment's shared state.
    pub(super) fn deployment(&self, name: &str) -> Arc<Deployment> {
        let mut deployments = self.deployments.lock().unwrap_or_else(PoisonError::into_inner);
        let deployment = deployments.entry(name.to_owned()).or_insert_with(|| {
            let max_inputs = AtomicUsize::new(usize::MAX);
            Arc::new(Deployment { limiter: Limiter::default(), max_inputs })
        });
        Arc::clone(deployment)
    }
}

impl Deployment {
    /// Most inputs in one request, as far as the service has said.
    pub(crate) fn max_inputs(&self) -> usize {
        self.max_inputs.load(Ordering::Relaxed)
    }

    /// The service named a lower number.
    pub(crate) fn lower_max_inputs(&self, inputs: usize) {
        self.max_inputs.fetch_min(inputs.max(1), Ordering::Relaxed);
    }
}
