//! On a terminal: a real one, whose other end is held here.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use redis_test_server::TestServer;
use rustix::pty::{self, OpenptFlags};

use crate::support::{OF_THE_QUESTION, User};

/// Our end of a terminal.
struct Terminal {
    ours: File,
    shown: Receiver<Vec<u8>>,
}

impl Terminal {
    /// Gives the program's end too.
    fn new() -> (Self, File) {
        let ours = pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        pty::grantpt(&ours).unwrap();
        pty::unlockpt(&ours).unwrap();
        let name = pty::ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let ours = File::from(ours);
        let mut reader = ours.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            // Once nobody holds the other end, reading it is an error.
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        (Self { ours, shown }, theirs)
    }

    /// Everything that is shown until a part is among it, or until the end.
    fn shown_until(&self, part: &str) -> String {
        let mut all = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !String::from_utf8_lossy(&all).contains(part) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(more) => all.extend(more),
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    fn type_in(&mut self, text: &str) {
        self.ours.write_all(text.as_bytes()).unwrap();
    }
}

/// Runs with all three streams on a terminal; gives the exit code and what was shown.
fn on_terminal(
    user: &User,
    arguments: &[&str],
    answer: Option<(&str, &str)>,
) -> (Option<i32>, String) {
    let (mut terminal, theirs) = Terminal::new();
    let end = || Stdio::from(theirs.try_clone().unwrap());
    let mut command = user.command();
    command.args(arguments).env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().unwrap();
    drop((command, theirs));
    let mut shown = String::new();
    if let Some((question, answer)) = answer {
        shown = terminal.shown_until(question);
        terminal.type_in(answer);
    }
    let code = child.wait().unwrap().code();
    shown.push_str(&terminal.shown_until("nothing that is shown"));
    (code, shown)
}

#[test]
fn clear_asks_and_obeys() {
    let user = User::new();
    user.json(&["test", "--text", "x"]);
    for no in ["n\n", "\n", "maybe\n"] {
        let (code, shown) = on_terminal(&user, &["clear"], Some(("[y/N] ", no)));
        assert_eq!(code, Some(1), "{shown}");
        assert!(
            shown.contains("all 6 entries") && shown.contains("nothing was removed"),
            "{shown}"
        );
    }
    assert_eq!(user.json(&["stats"])["entries"], 1 + OF_THE_QUESTION);
    let (code, shown) = on_terminal(&user, &["clear", "--lang", "ko"], Some(("[y/N] ", "예\n")));
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("항목 6개를 지웠습니다"), "{shown}");
    assert_eq!(user.json(&["stats"])["entries"], 0);
}

#[test]
fn an_index_is_filled_with_a_bar_and_dropped_after_a_question() {
    let user = User::new();
    user.json(&["index", "create", "things"]);
    let texts: String = (0..3_000).map(|n| format!("text {n}\n")).collect();
    let path = user.file("texts.txt", texts);
    let (code, shown) =
        on_terminal(&user, &["index", "add", "things", path.to_str().unwrap()], None);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains('█') && shown.contains("3,000 entries written"), "{shown}");
    let drop = ["index", "drop", "things"];
    let (code, shown) = on_terminal(&user, &drop, Some(("[y/N] ", "n\n")));
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("3,000 entries") && shown.contains("nothing was removed"), "{shown}");
    let in_korean = [&drop[..], &["--lang", "ko"]].concat();
    let (code, shown) = on_terminal(&user, &in_korean, Some(("[y/N] ", "예\n")));
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("3,000개와 함께 지웠습니다"), "{shown}");
}

#[test]
fn colour_is_for_terminals() {
    let user = User::new();
    let colored = |shown: &str| shown.contains("\x1b[3") || shown.contains("\x1b[2m");
    assert!(colored(&on_terminal(&user, &["status"], None).1));
    assert!(!colored(&on_terminal(&user, &["status", "--color", "never"], None).1));
    let without = User::new().with("NO_COLOR", "1");
    assert!(!colored(&on_terminal(&without, &["status"], None).1));
    assert!(!colored(&user.run(["status"]).expect_code(0).stdout));
    assert!(colored(&user.run(["status", "--color", "always"]).expect_code(0).stdout));
    assert!(!colored(&user.run(["status", "--json", "--color", "always"]).expect_code(0).stdout));
    assert!(colored(&user.run(["nope", "--color=always"]).expect_code(2).stderr));
}

#[test]
fn warm_draws_a_bar_on_a_terminal_only() {
    let user = User::new();
    let texts: String = (0..3_000).map(|n| format!("text {n}\n")).collect();
    let path = user.file("texts.txt", texts);
    let warm = ["warm", path.to_str().unwrap()];
    let (code, shown) = on_terminal(&user, &warm, None);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains('█') && shown.contains("3,000 texts: 0 hits"), "{shown}");
    let run = user.run(warm).expect_code(0);
    assert_eq!(run.stderr, "");
    assert!(run.stdout.starts_with("3,000 texts: 3,000 hits, 0 computed, 0 failed"));
}

#[test]
fn import_draws_a_bar_and_ends_with_rows() {
    let server = TestServer::start();
    let user = User::new().with("REDIS_URL", &server.url());
    let texts: String = (0..3_000).map(|n| format!("text {n}\n")).collect();
    let path = user.file("texts.txt", texts);
    let import = ["import", "langchain", path.to_str().unwrap(), "--prefix", "ada"];
    let (code, shown) = on_terminal(&user, &import, None);
    assert_eq!(code, Some(1), "{shown}");
    for part in ["█", "looked at", "not in the old cache", "3,000"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn a_chat_prompts_and_says_what_it_took() {
    let user = User::new();
    for (part, lines) in [("answered in", "hi\n/quit\n"), ("hit", "hi\n/quit\n")] {
        let (code, shown) = on_terminal(&user, &["chat", "--echo"], Some(("> ", lines)));
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("Echo: hi") && shown.contains(part), "{shown}");
    }
}

#[test]
fn a_monitor_redraws_in_place() {
    let user = User::new();
    let (terminal, theirs) = Terminal::new();
    let end = || Stdio::from(theirs.try_clone().unwrap());
    let mut command = user.command();
    command.args(["monitor", "--every", "100ms"]).env("TERM", "xterm");
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop((command, theirs));
    let shown = terminal.shown_until("\u{1b}[J\u{1b}[H");
    assert!(shown.starts_with("\u{1b}[2J\u{1b}[H"), "{shown:?}");
    assert!(shown.contains("Embeddings") && shown.contains("sqlite"), "{shown:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}
