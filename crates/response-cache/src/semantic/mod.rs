//! Answers to questions that mean the same: settings, what becomes of a lookup, the guards, and how
//! a threshold is found.
//!
//! See [the settings](Semantic) for what it takes, and [`calibrate`] for where the threshold comes
//! from.

mod calibration;
mod decision;
mod guards;
mod interval;
mod question;
mod settings;
mod verifier;

pub use calibration::{Calibration, Goal, LabelledPair, NotEnough, Point, calibrate};
pub use decision::{Decision, Outcome, SemanticHit};
pub use guards::{Disagreement, Guard, Guards};
pub use interval::clopper_pearson;
pub use settings::{Semantic, index_schema};
pub use verifier::Verifier;

pub(crate) use question::{Asked, Question};
pub(crate) use settings::context_attribute;
