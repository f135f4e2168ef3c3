//! Without encryption: nothing is stored in the clear that was to be sealed.

use std::path::Path;

use super::built_without;
use crate::settings::SettingsError;
use crate::{Error, OpenedBackend};

pub(crate) async fn sealed(_: OpenedBackend, _: &Path) -> Result<OpenedBackend, Error> {
    let message = built_without("encryption", "encryption");
    Err(SettingsError::of("encryption_keys", message).into())
}
