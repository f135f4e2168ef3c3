//! What the workspace has: packages, features, targets.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use super::pages::root;

pub(crate) struct Package {
    pub(crate) version: String,
    pub(crate) rust_version: Option<String>,
    pub(crate) features: BTreeSet<String>,
    /// `("bench", "ratios")`
    targets: BTreeSet<(String, String)>,
}

pub(crate) struct Workspace {
    pub(crate) packages: BTreeMap<String, Package>,
    /// Those that the workspace uses, as their requirement is written.
    pub(crate) dependencies: toml::Table,
}

impl Workspace {
    /// As cargo knows it. It is asked once.
    pub(crate) fn get() -> &'static Self {
        static WORKSPACE: OnceLock<Workspace> = OnceLock::new();
        WORKSPACE.get_or_init(Self::read)
    }

    fn read() -> Self {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
        let output = cargo.current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap().iter().map(package).collect();
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let dependencies = manifest["workspace"]["dependencies"].as_table().unwrap().clone();
        Self { packages, dependencies }
    }

    pub(crate) fn has_target(&self, kind: &str, name: &str) -> bool {
        let wanted = (kind.to_owned(), name.to_owned());
        self.packages.values().any(|package| package.targets.contains(&wanted))
    }
}

fn package(of: &Value) -> (String, Package) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let targets = of["targets"].as_array().unwrap().iter();
    let targets = targets.map(|target| (text(&target["kind"][0]), text(&target["name"]))).collect();
    let features = of["features"].as_object().unwrap().keys().cloned().collect();
    let rust_version = of["rust_version"].as_str().map(str::to_owned);
    (text(&of["name"]), Package { version: text(&of["version"]), rust_version, features, targets })
}
