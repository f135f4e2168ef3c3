//! Every block is of a kind that something checks.

use std::fs;

use redis_test_server::TestServer;

use super::pages::{Block, Page, pages, root};

/// Blocks of plain text that nothing can check: the page, how they begin, and what they are.
const PLAIN: &[(&str, &str, &str)] = &[
    ("README.md", "   your service", "a drawing"),
    ("README.ko.md", "   서비스", "a drawing"),
    ("docs/architecture.md", " cache-cli (binary)", "a drawing"),
    ("docs/ko/architecture.md", " cache-cli", "a drawing"),
    ("docs/reliability.md", "3307151 calls", "what a load test of ten minutes has printed"),
    ("docs/ko/reliability.md", "3307151 calls", "what a load test of ten minutes has printed"),
];

#[test]
fn every_block_is_checked_by_something() {
    let examples = fs::read_to_string(root().join("examples/lib.rs")).unwrap();
    for page in pages() {
        for block in page.blocks() {
            let checked = match block.language.as_str() {
                "sh" | "console" => true,         // by `commands`
                "toml" | "json" | "yaml" => true, // by `data`
                // Of the libraries that people come from, which are not here.
                "python" => page.path.ends_with("/migration.md"),
                "text" => {
                    is_written_by_the_program(&page) || is_acl(&block) || is_plain(&page, &block)
                }
                rust if is_rust(rust, &page) => is_compiled(&page, &examples),
                _ => false,
            };
            assert!(
                checked,
                "{}: no test checks this block of {:?}. A program in Rust needs its page in \
                 examples/lib.rs; commands are `sh`, or `console` with what they print; text that \
                 nothing can check is named in {}",
                block.place,
                block.language,
                file!()
            );
        }
    }
}

#[test]
fn what_is_excepted_is_there() {
    let pages = pages();
    for (path, begins, what) in PLAIN {
        let page = pages.iter().find(|page| page.path == *path);
        let blocks = page.unwrap_or_else(|| panic!("{path} is gone")).blocks();
        let there = blocks.iter().any(|block| block.text.starts_with(begins));
        assert!(there, "{path} has no longer {what} that begins with {begins:?}");
    }
}

fn is_written_by_the_program(page: &Page) -> bool {
    page.path.ends_with("/cli.md")
}

fn is_plain(page: &Page, block: &Block) -> bool {
    let mut plain = PLAIN.iter();
    plain.any(|(path, begins, _)| page.path == *path && block.text.starts_with(begins))
}

/// Without a language it is Rust in what rustdoc reads, and an oversight elsewhere.
fn is_rust(language: &str, page: &Page) -> bool {
    let of_a_crate = page.path.starts_with("crates/");
    language.starts_with("rust") || (of_a_crate && matches!(language, "" | "no_run"))
}

/// Whether the page is among the doctests: those of a library, or those of the examples.
fn is_compiled(page: &Page, examples: &str) -> bool {
    match page.path.strip_suffix("/README.md").filter(|path| path.starts_with("crates/")) {
        Some(folder) => {
            let library = fs::read_to_string(root().join(folder).join("src/lib.rs"));
            library.is_ok_and(|library| library.contains(r#"include_str!("../README.md")"#))
        }
        None => examples.contains(&format!(r#"include_str!("../{}")"#, page.path)),
    }
}

const ACL: &str = "ACL SETUSER ";

fn is_acl(block: &Block) -> bool {
    block.text.starts_with(ACL)
}

#[test]
fn rights_are_taken_by_a_server() {
    let server = TestServer::start();
    let blocks: Vec<_> = pages().iter().flat_map(Page::blocks).filter(is_acl).collect();
    assert!(blocks.len() > 3, "the rights are documented");
    for block in blocks {
        // One user's may go on in the next line.
        let rights = block.text.split(ACL).filter(|rights| !rights.trim().is_empty());
        for rights in rights {
            let words: Vec<_> = ACL.split_whitespace().chain(rights.split_whitespace()).collect();
            let reply = server.try_command(&words);
            assert!(reply.is_ok_and(|reply| reply == "OK"), "{}: {rights}", block.place);
        }
    }
}
