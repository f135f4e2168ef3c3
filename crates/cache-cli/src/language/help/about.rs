//! Commands about the program itself.

use super::{Text, text};

pub(super) const HELP: &[(&str, Text)] = &[
    (
        "completions",
        text(
            "Print what makes a shell complete this program's command lines",
            "셸의 자동 완성 스크립트를 출력합니다",
        ),
    ),
    (
        "completions.shell",
        text(
            "bash, zsh, fish, powershell or elvish",
            "bash, zsh, fish, powershell, elvish 중 하나",
        ),
    ),
    ("man", text("Print a manual page", "매뉴얼 페이지를 출력합니다")),
    (
        "man.verb",
        text(
            "The command whose page it is, such as session list [default: all commands at a glance]",
            "페이지를 볼 명령. 예: session list [기본값: 전체 명령 개요]",
        ),
    ),
    (
        "reference",
        text(
            "Print a page of the documentation, in Markdown",
            "문서 페이지를 Markdown으로 출력합니다",
        ),
    ),
    (
        "reference.page",
        text("cli, configuration or metrics", "cli, configuration, metrics 중 하나"),
    ),
];
