//! The published descriptions of the APIs.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{Api, Operation};

/// Validators made of the OpenAPI descriptions of the three APIs.
///
/// The descriptions say less than the services do: Azure's classic API and OpenAI's know vectors as
/// arrays only (the services also write base64), Azure's classic API knows no tokens as input, and
/// none knows the chunks that Azure's content filter adds to streams.
#[derive(Debug)]
pub struct Schemas {
    validators: HashMap<(Api, Subject), Validator>,
}

/// What a description is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Request(Operation),
    Response(Operation),
    Chunk,
    Error,
}

impl Schemas {
    /// The environment variable that names the folder of the descriptions: `azure-2024-10-21.yaml`,
    /// `azure-v1.yaml` and `openai.yaml`.
    pub const VARIABLE: &str = "TEST_OPENAPI_DIR";

    /// Reads the descriptions; none where the [variable](Self::VARIABLE) is not set.
    ///
    /// # Panics
    /// When it is set and a file is missing or is no description.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        let folder = std::env::var_os(Self::VARIABLE)?;
        let apis = [Api::AzureClassic, Api::AzureV1, Api::OpenAi];
        let validators = apis.into_iter().flat_map(|api| validators(Path::new(&folder), api));
        Some(Self { validators: validators.collect() })
    }

    /// Checks a request's body.
    ///
    /// # Errors
    /// What does not fit, and where.
    pub fn check_request(
        &self,
        api: Api,
        operation: Operation,
        body: &Value,
    ) -> Result<(), String> {
        self.check(api, Subject::Request(operation), body)
    }

    /// Checks the body of an answer with the status 200.
    ///
    /// # Errors
    /// What does not fit, and where.
    pub fn check_response(
        &self,
        api: Api,
        operation: Operation,
        body: &Value,
    ) -> Result<(), String> {
        self.check(api, Subject::Response(operation), body)
    }

    /// Checks a chunk of a stream. Its `usage` may be null, as the descriptions say in words only.
    ///
    /// # Errors
    /// What does not fit, and where.
    pub fn check_chunk(&self, api: Api, chunk: &Value) -> Result<(), String> {
        let mut chunk = chunk.clone();
        if let Some(fields) = chunk.as_object_mut()
            && fields.get("usage").is_some_and(Value::is_null)
        {
            fields.remove("usage");
        }
        self.check(api, Subject::Chunk, &chunk)
    }

    /// Checks the body of an answer with another status.
    ///
    /// # Errors
    /// What does not fit, and where.
    pub fn check_error(&self, api: Api, body: &Value) -> Result<(), String> {
        self.check(api, Subject::Error, body)
    }

    fn check(&self, api: Api, subject: Subject, value: &Value) -> Result<(), String> {
        let problems: Vec<String> = self.validators[&(api, subject)]
            .iter_errors(value)
            .map(|error| format!("{} (at {:?})", error, error.instance_path().as_str()))
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
    }
}

/// OpenAI's description rounds the bounds of 64-bit integers to what no such integer holds.
const ROUNDED_I64_MAX: &str = "9223372036854776000";

fn validators(folder: &Path, api: Api) -> Vec<((Api, Subject), Validator)> {
    let (file, schemas) = described(api);
    let path = folder.join(file);
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
        .replace(ROUNDED_I64_MAX, &i64::MAX.to_string());
    let mut description: Value = yaml_serde::from_str(&text)
        .unwrap_or_else(|error| panic!("{} is no YAML: {error}", path.display()));
    allow_nulls(&mut description);
    let validator = |(subject, pointer): (Subject, &str)| {
        description["$ref"] = format!("#{pointer}").into();
        let validator = jsonschema::draft202012::new(&description)
            .unwrap_or_else(|error| panic!("{file} has no schema at {pointer}: {error}"));
        ((api, subject), validator)
    };
    schemas.into_iter().map(validator).collect()
}

/// The file of an API, and where in it the schemas are.
fn described(api: Api) -> (&'static str, [(Subject, &'static str); 6]) {
    let pointers = |pointers: [&'static str; 6]| {
        let [embeddings, vectors, chat, completion, chunk, error] = pointers;
        [
            (Subject::Request(Operation::Embeddings), embeddings),
            (Subject::Response(Operation::Embeddings), vectors),
            (Subject::Request(Operation::Chat), chat),
            (Subject::Response(Operation::Chat), completion),
            (Subject::Chunk, chunk),
            (Subject::Error, error),
        ]
    };
    match api {
        Api::AzureClassic => (
            "azure-2024-10-21.yaml",
            pointers([
                "/paths/~1openai~1deployments~1%7Bdeployment-id%7D~1embeddings/post/requestBody/content/application~1json/schema",
                "/paths/~1openai~1deployments~1%7Bdeployment-id%7D~1embeddings/post/responses/200/content/application~1json/schema",
                "/components/schemas/createChatCompletionRequest",
                "/components/schemas/createChatCompletionResponse",
                "/components/schemas/createChatCompletionStreamResponse",
                "/components/schemas/errorResponse",
            ]),
        ),
        Api::AzureV1 => (
            "azure-v1.yaml",
            pointers([
                "/components/schemas/AzureCreateEmbeddingRequest",
                "/components/schemas/OpenAI.CreateEmbeddingResponse",
                "/components/schemas/AzureCreateChatCompletionRequest",
                "/components/schemas/AzureCreateChatCompletionResponse",
                "/components/schemas/AzureCreateChatCompletionStreamResponse",
                "/components/schemas/AzureErrorResponse",
            ]),
        ),
        Api::OpenAi => (
            "openai.yaml",
            pointers([
                "/components/schemas/CreateEmbeddingRequest",
                "/components/schemas/CreateEmbeddingResponse",
                "/components/schemas/CreateChatCompletionRequest",
                "/components/schemas/CreateChatCompletionResponse",
                "/components/schemas/CreateChatCompletionStreamResponse",
                "/components/schemas/ErrorResponse",
            ]),
        ),
    }
}

/// Writes OpenAPI's `nullable` as JSON Schema does.
fn allow_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(allow_nulls),
        Value::Object(fields) => {
            fields.values_mut().for_each(allow_nulls);
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                fields.remove("nullable");
                let schema = value.take();
                *value = json!({"anyOf": [schema, {"type": "null"}]});
            }
        }
        _ => {}
    }
}
