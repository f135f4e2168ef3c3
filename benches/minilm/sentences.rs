//! Real English sentences that every machine with this workspace has: of the documentation of the
//! crates that it is built on, as `Cargo.lock` has them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

const WORDS: std::ops::RangeInclusive<usize> = 5..=18;

/// So many distinct sentences, the same ones for the same `Cargo.lock`.
///
/// # Errors
/// When cargo fails, or there are too few of them.
pub fn find(count: usize) -> io::Result<Vec<String>> {
    let mut found = Found::default();
    for folder in packages()? {
        found.read_folder(&folder)?;
    }
    let all: Vec<_> = found.0.into_values().collect();
    if all.len() < count {
        let message = format!("there are {} sentences, {count} are needed", all.len());
        return Err(io::Error::other(message));
    }
    // Spread over all of them, which are in the order of the alphabet.
    Ok((0..count).map(|i| all[i * all.len() / count].clone()).collect())
}

/// The folders of all packages that are not of this workspace.
fn packages() -> io::Result<Vec<PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let foreign = packages.iter().filter(|package| !package["source"].is_null());
    let manifests = foreign.filter_map(|package| package["manifest_path"].as_str());
    Ok(manifests.filter_map(|path| Some(Path::new(path).parent()?.to_owned())).collect())
}

/// Sentences by their words in lower case, so that none is there twice but for its dress.
#[derive(Default)]
struct Found(BTreeMap<String, String>);

impl Found {
    fn read_folder(&mut self, folder: &Path) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                self.read_folder(&path)?;
            } else if path.extension().is_some_and(|end| end == "rs") {
                // What is not UTF-8 is no documentation.
                self.read_lines(fs::read_to_string(&path).unwrap_or_default().lines().map(comment));
            } else if path.file_name().is_some_and(|name| name == "README.md") {
                self.read_lines(fs::read_to_string(&path).unwrap_or_default().lines());
            }
        }
        Ok(())
    }

    /// Takes lines of Markdown, paragraph by paragraph, and leaves programs out.
    fn read_lines<'l>(&mut self, lines: impl Iterator<Item = &'l str>) {
        let (mut paragraph, mut in_program) = (String::new(), false);
        for line in lines.map(str::trim).chain([""]) {
            let is_fence = line.starts_with("```");
            in_program ^= is_fence;
            if is_fence || in_program || line.is_empty() || line.starts_with(['#', '|', '*', '-']) {
                self.read_paragraph(&paragraph);
                paragraph.clear();
            } else {
                paragraph.push_str(line);
                paragraph.push(' ');
            }
        }
    }

    fn read_paragraph(&mut self, paragraph: &str) {
        let mut rest = paragraph;
        while let Some((sentence, more)) = rest.split_once(". ") {
            rest = more;
            if is_plain(sentence) {
                let same = sentence.to_lowercase().replace(',', "");
                self.0.entry(same).or_insert_with(|| format!("{sentence}."));
            }
        }
    }
}

/// What a line says if it is of a documentation comment.
fn comment(line: &str) -> &str {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).unwrap_or("")
}

/// Words and nothing else: no code, no link, no number.
fn is_plain(sentence: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.strip_suffix(',').unwrap_or(word);
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || c == '\'')
    };
    sentence.starts_with(|c: char| c.is_ascii_uppercase())
        && WORDS.contains(&sentence.split(' ').count())
        && sentence.split(' ').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_taken_out_of_documentation() {
        let text = "/// Returns the number of\n/// bytes, all included. See `that`. It is never less \
                    than one.\n///\n/// # A heading of five words here.\n/// ```\n/// Let this not be \
                    a sentence. \n/// ```\nfn f() {} // And this is no documentation.\n//! Returns \
                    the number of bytes all included.";
        let mut found = Found::default();
        found.read_lines(text.lines().map(comment));
        let found: Vec<_> = found.0.into_values().collect();
        let expected = ["It is never less than one.", "Returns the number of bytes, all included."];
        assert_eq!(found, expected);
    }
}
