//! Settings that a provider cannot do without.

use crate::settings::SettingsError;

pub(super) fn needed<'s, T>(
    value: Option<&'s T>,
    key: &str,
    provider: &str,
) -> Result<&'s T, SettingsError> {
    value.ok_or_else(|| SettingsError::of(key, format!("{provider} needs it, and it is not set")))
}
