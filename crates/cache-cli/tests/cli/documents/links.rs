//! Links lead to files that are there, and to headings of theirs.

use std::collections::{HashMap, HashSet};

use super::pages::{Page, pages, root};

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let anchors: HashMap<_, _> =
        pages.iter().map(|page| (page.path.as_str(), anchors(page))).collect();
    let mut count = 0;
    for page in &pages {
        for (number, line) in page.prose() {
            for target in targets(line).into_iter().filter(|target| is_of_the_project(target)) {
                count += 1;
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let path = resolve(&page.path, file);
                let place = format!("{}:{number}: {target}", page.path);
                assert!(root().join(&path).exists(), "{place}: there is no {path}");
                let known = anchors.get(path.as_str());
                let there = known.is_some_and(|known| known.contains(anchor));
                assert!(anchor.is_empty() || there, "{place}: {path} has no such heading");
            }
        }
    }
    assert!(count > 100, "the pages have links");
}

/// What `](…)` and `]: …` name.
fn targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let reference = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    inline.chain(reference.map(|(_, target)| target.trim())).collect()
}

/// A file or a heading of the project: neither an address nor a name that rustdoc resolves.
fn is_of_the_project(target: &str) -> bool {
    let is_address = target.contains("://") || target.starts_with("mailto:");
    !is_address && !target.contains("::") && (target.contains(['/', '.', '#']))
}

/// A path relative to the page's folder, from the root.
fn resolve(page: &str, target: &str) -> String {
    if target.is_empty() {
        return page.to_owned();
    }
    let mut parts: Vec<_> = page.split('/').collect();
    parts.pop();
    for part in target.trim_end_matches('/').split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &Page) -> HashSet<String> {
    let mut seen = HashMap::new();
    let headings = page.prose().filter_map(|(_, line)| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len() && title.starts_with(' ')).then(|| slug(title))
    });
    headings
        .map(|slug| {
            let count = seen.entry(slug.clone()).or_insert(0);
            *count += 1;
            if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
        })
        .collect()
}

fn slug(title: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let kept: String = title.trim().chars().filter(kept).collect();
    kept.to_lowercase().replace(' ', "-")
}

#[test]
fn anchors_are_those_of_github() {
    assert_eq!(slug(" TLS and users"), "tls-and-users");
    assert_eq!(slug(" `cache-cli index add`"), "cache-cli-index-add");
    assert_eq!(slug(" 1. 먼저 실행해 보기"), "1-먼저-실행해-보기");
    assert_eq!(resolve("docs/ko/faq.md", "../../crates/cache-core/"), "crates/cache-core");
}
