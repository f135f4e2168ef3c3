//! From files, environment and overrides to checked settings.

use std::path::{Path, PathBuf};

use config::{Config, ConfigError, File, FileFormat};
use secrecy::ExposeSecret;

use super::warning::incomplete_azure;
use super::{Settings, SettingsError, SettingsWarning, VARIABLES};
use crate::Span;
use crate::without::built_without;

const FILE_VARIABLE: &str = "CACHE_CONFIG";
const DEFAULT_FILE: &str = "cache.toml";
/// Variables of this family that the program does not know are reported: they may be misspelt.
const FAMILY: &str = "CACHE_";

/// With this file, or the one that the environment names, or that is in the folder.
pub(super) fn load(
    file: Option<&Path>,
    environment: &[(String, String)],
    overrides: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Settings, SettingsError> {
    load_with(settings_file(file, environment)?, environment, overrides)
}

/// With this file or none.
pub(super) fn load_with(
    file: Option<PathBuf>,
    environment: &[(String, String)],
    overrides: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Settings, SettingsError> {
    let mut builder = Config::builder();
    if let Some(path) = file {
        let text = std::fs::read_to_string(&path).map_err(|error| {
            SettingsError::new(format!(
                "the settings file {} cannot be read: {error}",
                path.display()
            ))
        })?;
        refuse_unknown_keys(&path, &text)?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    for known in VARIABLES {
        let set =
            environment.iter().find(|(name, value)| name == known.variable && !value.is_empty());
        if let Some((name, value)) = set {
            builder = builder
                .set_override(known.key, value.as_str())
                .map_err(|error| not_set(name, &error))?;
        }
    }
    for (key, value) in overrides {
        builder = builder.set_override(key, value).map_err(|error| not_set(key, &error))?;
    }
    let mut settings: Settings = builder
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| SettingsError::new(describe(&error)))?;
    check(&settings)?;
    settings.warnings = misspelt(environment);
    settings.warnings.extend(incomplete_azure(&settings));
    Ok(settings)
}

/// What an empty file gives.
pub(super) fn defaults() -> Settings {
    let empty = Config::builder().build().and_then(Config::try_deserialize);
    empty.expect("invariant: every setting has a default")
}

fn settings_file(
    file: Option<&Path>,
    environment: &[(String, String)],
) -> Result<Option<PathBuf>, SettingsError> {
    let named = environment.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
    let named = file.map(Path::to_owned).or_else(|| named.map(|(_, path)| PathBuf::from(path)));
    match named {
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => {
            Err(SettingsError::new(format!("there is no settings file {}", path.display())))
        }
        None => Ok(Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file())),
    }
}

/// Refused with the names that exist, which the parser underneath does not tell.
fn refuse_unknown_keys(path: &Path, text: &str) -> Result<(), SettingsError> {
    let parsed = Config::builder().add_source(File::from_str(text, FileFormat::Toml)).build();
    let parsed = parsed.map_err(|error| {
        SettingsError::new(format!("the settings file {}: {}", path.display(), describe(&error)))
    })?;
    let table = parsed.cache.into_table().unwrap_or_default();
    match table.keys().find(|key| VARIABLES.iter().all(|known| known.key != key.as_str())) {
        None => Ok(()),
        Some(unknown) => {
            let known: Vec<_> = VARIABLES.iter().map(|known| known.key).collect();
            Err(SettingsError::new(format!(
                "the settings file {} has an unknown name {unknown:?}; known are {}",
                path.display(),
                known.join(", ")
            )))
        }
    }
}

fn not_set(name: &str, error: &ConfigError) -> SettingsError {
    SettingsError::new(format!("{name} cannot be set: {}", describe(error)))
}

/// The parser's message, with the environment's name beside the file's.
fn describe(error: &ConfigError) -> String {
    let (key, message) = match error {
        ConfigError::At { error, key, .. } => (key.clone(), error.to_string()),
        ConfigError::Type { key, unexpected, expected, .. } => {
            (key.clone(), format!("{unexpected} is not {expected}"))
        }
        other => (None, other.to_string()),
    };
    match key {
        Some(key) => SettingsError::of(&key, message).to_string(),
        None => message,
    }
}

fn check(settings: &Settings) -> Result<(), SettingsError> {
    let ttls = [
        ("ttl", settings.ttl),
        ("response_ttl", settings.response_ttl.unwrap_or(settings.ttl)),
        ("session_ttl", settings.session_ttl),
    ];
    if let Some((key, _)) = ttls.iter().find(|(_, ttl)| ttl.0.is_zero()) {
        return Err(SettingsError::of(key, "a TTL is at least a millisecond"));
    }
    if !(0.0..1.0).contains(&settings.ttl_jitter) {
        let message = "it is a part of the TTL, from 0 to below 1";
        return Err(SettingsError::of("ttl_jitter", message));
    }
    if settings.provider_timeout.is_some_and(|timeout| timeout.0.is_zero()) {
        let message = "a service needs some time to answer";
        return Err(SettingsError::of("provider_timeout", message));
    }
    let budgets = [
        ("read_budget", settings.read_budget),
        ("lease_budget", settings.lease_budget),
        ("write_budget", settings.write_budget),
    ];
    let is_nothing = |budget: &Option<Span>| budget.is_some_and(|budget| budget.0.is_zero());
    if let Some((key, _)) = budgets.iter().find(|(_, budget)| is_nothing(budget)) {
        return Err(SettingsError::of(key, "a store needs some time to answer"));
    }
    if !(1..=1_024).contains(&settings.index_parts) {
        return Err(SettingsError::of("index_parts", "an index has 1 to 1024 parts"));
    }
    if settings.strict && settings.write_behind {
        let message = "CACHE_STRICT is set, too: writes that are queued cannot fail their callers";
        return Err(SettingsError::of("write_behind", message));
    }
    if settings.metrics && !cfg!(feature = "metrics") {
        return Err(SettingsError::of("metrics", built_without("metrics", "metrics")));
    }
    if settings.key_secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < 16) {
        let message = "a secret has 16 bytes or more: a short one can be guessed";
        return Err(SettingsError::of("key_secret", message));
    }
    cache_core::Namespace::new(&settings.namespace)
        .map_err(|error| SettingsError::of("namespace", error))?;
    Ok(())
}

fn misspelt(environment: &[(String, String)]) -> Vec<SettingsWarning> {
    let known =
        |name: &str| name == FILE_VARIABLE || VARIABLES.iter().any(|known| known.variable == name);
    let mut names: Vec<_> = environment
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.starts_with(FAMILY) && !known(name))
        .collect();
    names.sort_unstable();
    let warning = |name: &&str| SettingsWarning::UnknownVariable { name: (*name).to_owned() };
    names.iter().map(warning).collect()
}
