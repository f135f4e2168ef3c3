//! What a cache does when another model answers.

/// What is done when a provider's reply comes from another model than the entries: somebody has
/// given the deployment another model. Vectors of two models cannot be compared, and a new model is
/// asked for new answers.
///
/// Which model answers is known from the replies, where they name it and the provider's identity
/// has no version of its own. It is recorded in the store, where other processes see it. A
/// redeployment is noticed with the first reply after it: as long as everything is a hit, nobody
/// asks the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ModelChange {
    /// The cache goes on with the new model: entries of the old one are not served again.
    #[default]
    Follow,
    /// The reply counts as one of the old model. It is logged as a warning, once a process, and
    /// counted. For services that go by several names for one model, or route between several.
    Warn,
    /// The call fails with
    /// [`ProviderErrorKind::WrongModel`](crate::ProviderErrorKind::WrongModel) and nothing is
    /// stored; hits go on. To go on with the new model, clear the namespace.
    Refuse,
}
