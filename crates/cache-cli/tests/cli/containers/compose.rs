//! The services of `docker/docker-compose.yml`.

use std::fs;

use yaml_rust2::{Yaml, YamlLoader};

use crate::documents::pages::root;

/// A service, as far as it is run here.
pub(super) struct Service(Yaml);

/// The service of this name.
pub(super) fn service(name: &str) -> Service {
    let service = field(&document(), "services")[name].clone();
    assert!(!service.is_badvalue(), "there is no service {name}");
    Service(service)
}

fn document() -> Yaml {
    let text = fs::read_to_string(root().join("docker/docker-compose.yml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

/// A field of a mapping, or of what is merged into it.
fn field(mapping: &Yaml, name: &str) -> Yaml {
    match (&mapping[name], &mapping["<<"]) {
        (Yaml::BadValue, Yaml::BadValue) => Yaml::BadValue,
        (Yaml::BadValue, merged) => field(merged, name),
        (value, _) => value.clone(),
    }
}

fn words(list: &Yaml) -> Vec<String> {
    let list = list.as_vec().unwrap_or_else(|| panic!("{list:?} is a list of words"));
    list.iter().map(|word| with_defaults(word.as_str().unwrap())).collect()
}

/// `${NAME:-default}` is the default.
fn with_defaults(text: &str) -> String {
    let mut parts = text.split("${");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (variable, rest) = part.split_once('}').unwrap();
        let (_, default) = variable.split_once(":-").unwrap();
        plain.push_str(default);
        plain.push_str(rest);
    }
    plain
}

impl Service {
    pub(super) fn command(&self) -> Vec<String> {
        words(&field(&self.0, "command"))
    }

    /// The line that a shell runs to see whether it is well.
    pub(super) fn health_check(&self) -> String {
        let test = words(&field(&field(&self.0, "healthcheck"), "test"));
        let [kind, line] = &test[..] else { panic!("{test:?}") };
        assert_eq!(kind, "CMD-SHELL");
        line.clone()
    }

    /// The environment, what is merged into it included.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let mapping = field(&self.0, "environment");
        let merged = mapping["<<"].as_hash().into_iter().flatten();
        let pairs = mapping.as_hash().unwrap().iter().chain(merged);
        let pairs = pairs.filter(|(name, _)| name.as_str() != Some("<<"));
        pairs
            .map(|(name, value)| {
                (name.as_str().unwrap().to_owned(), with_defaults(value.as_str().unwrap()))
            })
            .collect()
    }

    /// The file on this machine that is mounted at this path.
    pub(super) fn mounted_at(&self, path: &str) -> String {
        let mounts = words(&field(&self.0, "volumes"));
        let mount = mounts.iter().find_map(|mount| mount.strip_suffix(&format!(":{path}:ro")));
        let file =
            root().join("docker").join(mount.unwrap_or_else(|| panic!("{path} in {mounts:?}")));
        file.canonicalize().unwrap().display().to_string()
    }

    pub(super) fn ports(&self) -> Vec<String> {
        words(&field(&self.0, "ports"))
    }

    /// The names of the services that it waits for.
    pub(super) fn waits_for(&self) -> Vec<String> {
        let waits = field(&self.0, "depends_on");
        waits.as_hash().unwrap().keys().map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}
