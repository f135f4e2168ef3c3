//! The pages that people read.

use std::fs;
use std::path::{Path, PathBuf};

/// A page of the project.
pub(crate) struct Page {
    /// From the project's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A fenced block of a page.
pub(crate) struct Block {
    /// `docs/faq.md:45`, the line of the fence.
    pub(crate) place: String,
    pub(crate) language: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All pages: those of the root, of `docs`, of the examples and of every crate.
pub(crate) fn pages() -> Vec<Page> {
    let root = root();
    let mut folders =
        vec![root.clone(), root.join("docs"), root.join("docs/ko"), root.join("examples")];
    folders.extend(files_of(&root.join("crates")));
    let files = folders.iter().flat_map(|folder| files_of(folder));
    let mut pages: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .map(|file| Page {
            path: file.strip_prefix(&root).unwrap().display().to_string().replace('\\', "/"),
            text: fs::read_to_string(&file).unwrap(),
        })
        .collect();
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(pages.len() > 40, "the pages are where they are looked for");
    pages
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

impl Page {
    /// Whether it is written in Korean.
    pub(crate) fn is_korean(&self) -> bool {
        self.path.starts_with("docs/ko/") || self.path == "README.ko.md"
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for (number, line) in self.text.lines().enumerate() {
            match line.trim_start().strip_prefix("```") {
                Some(_) if open => open = false,
                Some(language) => {
                    open = true;
                    let place = format!("{}:{}", self.path, number + 1);
                    let language = language.trim().to_owned();
                    blocks.push(Block { place, language, text: String::new() });
                }
                None if open => {
                    let block = blocks.last_mut().unwrap();
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None => {}
            }
        }
        assert!(!open, "{}: a block is not closed", self.path);
        blocks
    }

    /// The text outside of blocks, with the numbers of its lines.
    pub(crate) fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut in_block = false;
        self.text.lines().enumerate().filter_map(move |(number, line)| {
            let fence = line.trim_start().starts_with("```");
            in_block ^= fence;
            (!in_block && !fence).then_some((number + 1, line))
        })
    }

    /// What stands between single backquotes in the prose, with its place.
    pub(crate) fn spans(&self) -> Vec<(String, &str)> {
        // A span that goes on in the next line is left out.
        let lines = self.prose().filter(|(_, line)| line.matches('`').count().is_multiple_of(2));
        lines
            .flat_map(|(number, line)| {
                let place = format!("{}:{number}", self.path);
                line.split('`').skip(1).step_by(2).map(move |span| (place.clone(), span))
            })
            .collect()
    }
}
