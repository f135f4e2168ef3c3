//! The loaded network and how it is run.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;

use cache_core::BoxError;
use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::batch::Batch;
use super::error::guarded;
use super::{OpenModelError, Pooling, bert};

const TOKEN_TYPES: &str = "token_type_ids";
/// Outputs that hold a vector per token, by the exporter's habit.
const OUTPUTS: [&str; 3] = [bert::OUTPUT, "token_embeddings", "output_0"];

/// A network that gives a vector for every token.
pub(super) struct Network {
    model: Model,
    ids: NodeId,
    mask: NodeId,
    types: Option<NodeId>,
    output: NodeId,
    threads: Threads,
    dimensions: usize,
}

impl Network {
    /// Loads it from ONNX and tries it out. `path` is the file to name in errors, `data` are the
    /// files of constants that it refers to, by name.
    pub(super) fn load(
        onnx: Vec<u8>,
        data: Vec<(String, Vec<u8>)>,
        path: &Path,
        threads: Option<usize>,
    ) -> Result<Self, OpenModelError> {
        let mut options = ModelOptions::with_all_ops();
        // Half again as much memory for a twentieth of the time.
        options.prepack_weights(true);
        for (name, bytes) in data {
            options.external_data(&name, bytes);
        }
        guarded(path, || {
            let model = options.load(onnx).map_err(|error| {
                OpenModelError::damaged_by(path, format!("as an ONNX model: {error}"), error)
            })?;
            let mut network = Self::of(model, path, Threads::new(threads))?;
            let probe = Batch { texts: vec![(0, vec![0, 0])] };
            let values = network.run(&probe).map_err(|error| {
                OpenModelError::damaged_by(path, format!("it does not run: {error}"), error)
            })?;
            network.dimensions = values.shape()[2];
            Ok(network)
        })
    }

    fn of(model: Model, path: &Path, threads: Threads) -> Result<Self, OpenModelError> {
        let inputs = inputs(&model, path)?;
        Ok(Self {
            ids: inputs.ids,
            mask: inputs.mask,
            types: inputs.types,
            output: output(&model, path)?,
            model,
            threads,
            dimensions: 0,
        })
    }

    /// The size of a token's vector.
    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How many batches can be run at once.
    pub(super) fn threads(&self) -> usize {
        self.threads.count
    }

    /// The pooled vectors of a batch, in its order. It blocks, using the network's threads.
    pub(super) fn embed(&self, batch: &Batch, pooling: Pooling) -> Result<Vec<Vec<f32>>, BoxError> {
        let hidden = self.run(batch)?;
        if hidden.shape()[2] != self.dimensions {
            return Err("the model's vectors changed their size".into());
        }
        let hidden = hidden.to_contiguous();
        let rows = hidden.data().chunks_exact(batch.width() * self.dimensions);
        let pooled = batch.texts.iter().zip(rows).map(|((_, tokens), row)| {
            pooling.pool(&row[..tokens.len() * self.dimensions], self.dimensions)
        });
        Ok(pooled.collect())
    }

    /// Texts × tokens × dimensions.
    fn run(&self, batch: &Batch) -> Result<NdTensor<f32, 3>, BoxError> {
        let shape = [batch.texts.len(), batch.width()];
        let (ids, mask) = padded(batch)?;
        let mut inputs: Vec<(NodeId, ValueOrView)> = Vec::with_capacity(3);
        if let Some(types) = self.types {
            inputs.push((types, NdTensor::<i32, 2>::zeros(shape).into()));
        }
        inputs.push((self.ids, NdTensor::from_data(shape, ids).into()));
        inputs.push((self.mask, NdTensor::from_data(shape, mask).into()));
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads.pool)));
        let [value] = self.model.run_n(inputs, [self.output], Some(options))?;
        let hidden: NdTensor<f32, 3> = Value::try_into(value)?;
        if hidden.shape()[..2] != shape {
            return Err(format!("{:?} instead of a vector per token", hidden.shape()).into());
        }
        Ok(hidden)
    }
}

/// Token numbers and mask, every row as wide as the widest.
fn padded(batch: &Batch) -> Result<(Vec<i32>, Vec<i32>), BoxError> {
    let width = batch.width();
    let size = batch.texts.len() * width;
    let (mut ids, mut mask) = (Vec::with_capacity(size), Vec::with_capacity(size));
    for (row, (_, tokens)) in batch.texts.iter().enumerate() {
        for token in tokens {
            ids.push(i32::try_from(*token)?);
        }
        mask.resize(row * width + tokens.len(), 1);
        ids.resize((row + 1) * width, 0);
        mask.resize((row + 1) * width, 0);
    }
    Ok((ids, mask))
}

struct Inputs {
    ids: NodeId,
    mask: NodeId,
    types: Option<NodeId>,
}

fn inputs(model: &Model, path: &Path) -> Result<Inputs, OpenModelError> {
    let (mut ids, mut mask, mut types) = (None, None, None);
    for id in model.input_ids() {
        match model.node_info(*id).and_then(|info| info.name()).unwrap_or_default() {
            bert::INPUT_IDS => ids = Some(*id),
            bert::ATTENTION_MASK => mask = Some(*id),
            TOKEN_TYPES => types = Some(*id),
            other => {
                let what = format!(
                    "asks for an input {other:?}; input_ids, attention_mask and token_type_ids \
                     can be given"
                );
                return Err(OpenModelError::unsupported(path, what));
            }
        }
    }
    match (ids, mask) {
        (Some(ids), Some(mask)) => Ok(Inputs { ids, mask, types }),
        _ => Err(OpenModelError::unsupported(
            path,
            "has no inputs input_ids and attention_mask: it is no text encoder",
        )),
    }
}

/// The output that holds a vector per token: by its name, else the first of three dimensions.
fn output(model: &Model, path: &Path) -> Result<NodeId, OpenModelError> {
    let outputs = model.output_ids();
    let name = |id: NodeId| model.node_info(id).and_then(|info| info.name());
    let dimensions = |id: NodeId| -> Option<Vec<Dimension>> { model.node_info(id)?.shape() };
    let by_name = OUTPUTS
        .iter()
        .find_map(|wanted| outputs.iter().copied().find(|id| name(*id) == Some(*wanted)));
    let by_shape = || {
        let mut all = outputs.iter().copied();
        all.find(|id| dimensions(*id).is_some_and(|shape| shape.len() == 3))
    };
    by_name.or_else(by_shape).ok_or_else(|| {
        let what = "has no output last_hidden_state, a vector per token: export it for feature \
                    extraction (optimum-cli export onnx --task feature-extraction)";
        OpenModelError::unsupported(path, what)
    })
}

/// Threads of a model's own, or those that all models of the process share.
#[derive(Clone)]
struct Threads {
    pool: Arc<ThreadPool>,
    count: usize,
}

impl Threads {
    fn new(own: Option<usize>) -> Self {
        own.map_or_else(Self::shared, |count| Self::start(count.max(1)))
    }

    /// One per processor that the process may use.
    fn shared() -> Self {
        static SHARED: OnceLock<Threads> = OnceLock::new();
        let start = || Self::start(thread::available_parallelism().map_or(1, usize::from));
        SHARED.get_or_init(start).clone()
    }

    fn start(count: usize) -> Self {
        Self { pool: Arc::new(ThreadPool::with_num_threads(count)), count }
    }
}
