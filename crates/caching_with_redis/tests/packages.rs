//! What the crates of this workspace say of themselves to the registry and to docs.rs.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// The packages that are published, as cargo reads their manifests.
fn published() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array_mut().unwrap();
    packages.drain(..).filter(|package| package["publish"].is_null()).collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn registries_are_told_what_a_package_is() {
    let packages = published();
    assert!(packages.len() >= 15, "all of them are read");
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        for field in ["description", "license", "readme", "rust_version"] {
            let text = package[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{name} has no {field}");
        }
        assert!(package["authors"].as_array().is_some_and(|it| !it.is_empty()), "{name}");
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        for file in [package["readme"].as_str().unwrap(), "LICENSE"] {
            assert!(folder.join(file).is_file(), "{name} has no {file}");
        }
        // What the registry takes.
        let keywords = texts(&package["keywords"]);
        assert!((1..=5).contains(&keywords.len()), "{name}: {keywords:?}");
        for keyword in keywords {
            let is_sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
            assert!(keyword.len() <= 20 && keyword.chars().all(is_sound), "{name}: {keyword}");
        }
        assert!((1..=5).contains(&texts(&package["categories"]).len()), "{name}");
    }
}

#[test]
fn docs_rs_shows_every_feature() {
    let wanted = json!({ "all-features": true, "rustdoc-args": ["--cfg", "docsrs"] });
    for package in published() {
        let name = &package["name"];
        assert_eq!(package["metadata"]["docs"]["rs"], wanted, "{name}");
    }
}

/// They are released together; a version that lags behind would be looked for in the registry.
#[test]
fn all_have_one_version_and_name_each_other_by_it() {
    let packages = published();
    let version = &packages[0]["version"];
    let asked = format!("^{}", version.as_str().unwrap());
    for package in &packages {
        assert_eq!(&package["version"], version, "{}", package["name"]);
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let ours = |it: &&Value| it["path"].is_string() && it["kind"] != "dev";
        for dependency in dependencies.filter(ours) {
            assert_eq!(dependency["req"], asked, "{} on {}", package["name"], dependency["name"]);
        }
    }
}
