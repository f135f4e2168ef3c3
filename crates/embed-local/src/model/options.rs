//! How a model is opened.

/// How a [`LocalModel`](super::LocalModel) is opened. The default takes everything from the
/// folder.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LocalModelOptions {
    /// Threads that compute; those that all models of the process share when absent, one per
    /// processor.
    pub threads: Option<usize>,
    /// Most tokens of a text that count, if less than the model's own limit.
    pub max_tokens: Option<usize>,
    /// The model's name, if not the one in its files.
    pub name: Option<String>,
    /// The file of the network within the folder, `.safetensors` or `.onnx`.
    pub network: Option<String>,
}

impl LocalModelOptions {
    /// Gives the model threads of its own: so many, at least one.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Cuts texts after so many tokens, the two or so that mark beginning and end included. The
    /// model's own limit stays in force. Its vectors of long texts are others then, and so is its
    /// version.
    #[must_use]
    pub fn with_max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Names the model in its [identity](cache_core::ModelIdentity).
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Chooses the file with the network, by its path within the folder: one of several ONNX
    /// files (`onnx/model_quantized.onnx`), or ONNX where there is safetensors as well.
    #[must_use]
    pub fn with_network(mut self, file: impl Into<String>) -> Self {
        self.network = Some(file.into());
        self
    }
}
