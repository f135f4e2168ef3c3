//! What a store's findings are in JSON.

use caching_with_redis::core::Finding;
use serde::Serialize;

use crate::language::Language;

/// Codes and severities are for programs, the text is for people.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    code: &'static str,
    severity: &'static str,
    text: String,
}

impl Found {
    pub(super) fn of(finding: &Finding, language: Language) -> Self {
        let (code, severity) = (finding.code.as_str(), finding.severity.as_str());
        Self { code, severity, text: language.finding(finding) }
    }
}
