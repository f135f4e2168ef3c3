//! `doctor`: what is wrong with the store, or soon will be.

use caching_with_redis::core::{DiagnoseOptions, Namespace, Severity};
use serde::Serialize;

use super::finding::Found;
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Mood;

#[derive(Debug, Serialize)]
struct Answer {
    backend: &'static str,
    location: String,
    namespace: String,
    findings: Vec<Found>,
    warnings: Vec<String>,
}

/// Says no where there is a problem; what is only worth a warning is none.
pub(super) async fn run(context: &Context, doctor: &args::Doctor) -> Result<(), Failure> {
    let store = context.open_store().await?;
    let namespace = Namespace::new(&context.settings.namespace);
    let namespace = namespace.map_err(caching_with_redis::Error::from)?;
    let options = DiagnoseOptions::new(namespace.clone()).with_sample(doctor.sample);
    let findings = store.backend.diagnose(&options).await?;
    let sick = findings.iter().any(|finding| finding.severity == Severity::Problem);
    let (language, output) = (context.language(), context.output);
    let info = store.backend.info();
    if output.json {
        output.object(&Answer {
            backend: info.kind,
            location: info.location,
            namespace: namespace.to_string(),
            findings: findings.iter().map(|finding| Found::of(finding, language)).collect(),
            warnings: context.settings_warnings(),
        })?;
    } else {
        let place = if info.location.is_empty() { info.kind } else { &info.location };
        output.line(&language.examined(place))?;
        let mut rows = Vec::new();
        for finding in &findings {
            let (label, mood) = match finding.severity {
                Severity::Problem => (language.label_problem(), Mood::Doubtful),
                Severity::Warning => (language.warning_label(), Mood::Doubtful),
                _ => (language.label_note(), Mood::Good),
            };
            rows.push((label, output.painted(&language.finding(finding), mood)));
        }
        if rows.is_empty() {
            return output.line(&output.painted(&language.nothing_found(), Mood::Good));
        }
        output.rows(&rows)?;
    }
    if sick { Err(Failure::Negative) } else { Ok(()) }
}
