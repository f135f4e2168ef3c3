//! What there is in Python, each in a process of its own that is told what to do.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use async_trait::async_trait;
use cache_benches::vectors;

use crate::contestant::{Contestant, Done, Work};

/// What `rivals.py` calls them, under which names they are in the table, whether on Redis.
const RIVALS: [(&str, &str, bool); 4] = [
    ("redisvl", "RedisVL `EmbeddingsCache`", true),
    ("langchain", "LangChain `CacheBackedEmbeddings`", true),
    ("litellm", "LiteLLM", true),
    ("diskcache", "diskcache", false),
];

/// Installs them and starts them.
pub(crate) fn start(url: &str, folder: &Path, vectors: &[Vec<f32>]) -> Vec<Box<dyn Contestant>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/compare");
    let python = match install(&folder.join("venv"), &here.join("requirements.txt")) {
        Ok(python) => python,
        Err(why) => {
            println!("RedisVL, LangChain, LiteLLM and diskcache are left out: {why}\n");
            return Vec::new();
        }
    };
    let file = folder.join("vectors.f32");
    let bytes: Vec<u8> = vectors.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(&file, bytes).unwrap();
    let start = |(rival, name, on_redis): (&str, &str, bool)| -> Box<dyn Contestant> {
        let place = match on_redis {
            true => url.to_owned(),
            false => folder.join(rival).display().to_string(),
        };
        let mut child = Command::new(&python)
            .arg(here.join("rivals.py"))
            .args([rival, &place])
            .arg(&file)
            .arg(vectors::DIMENSIONS.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (asked, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let answers = BufReader::new(answers);
        let mut rival = Rival { name: name.to_owned(), on_redis, child, asked, answers };
        rival.answer();
        Box::new(rival)
    };
    RIVALS.into_iter().map(start).collect()
}

/// Into a folder that goes with the bench.
fn install(folder: &Path, requirements: &Path) -> Result<PathBuf, String> {
    println!("installing what is written in Python, which takes a minute\n");
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let python = folder.join("bin/python");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

struct Rival {
    name: String,
    on_redis: bool,
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Rival {
    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{} ended; rivals.py by hand says why", self.name);
        line
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[async_trait]
impl Contestant for Rival {
    fn name(&self) -> &str {
        &self.name
    }

    fn on_redis(&self) -> bool {
        self.on_redis
    }

    fn often(&self, work: Work, _: bool) -> usize {
        match work {
            Work::Single => 2,
            _ => 1,
        }
    }

    async fn work(&mut self, work: Work, times: usize) -> Done {
        let asked = serde_json::json!({ "work": work.name(), "times": times });
        writeln!(self.asked, "{asked}").unwrap();
        serde_json::from_str(&self.answer()).unwrap()
    }
}
