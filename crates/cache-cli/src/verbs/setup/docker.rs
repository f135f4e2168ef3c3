//! A Redis in a container.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use caching_with_redis::ByteSize;

use super::server::DEFAULT_PORT;

const NAME: &str = "caching-with-redis";
const LABEL: &str = "caching-with-redis.setup";
pub(super) const IMAGE: &str = "redis:7-alpine";

/// An engine that does not say its version by then is taken for none.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether there is a Docker engine that containers can be started on.
pub(super) fn engine_answers() -> bool {
    let child = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(20)),
            Err(_) => break,
        }
    }
    // Both fail only for a process that has ended.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Whether the image is there, so that starting it takes no fetching.
pub(super) fn has_image() -> bool {
    let inspect = ["image", "inspect", IMAGE];
    let output = Command::new("docker").args(inspect).stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success())
}

/// The container of one port.
#[derive(Debug)]
pub(super) struct Container {
    name: String,
    port: u16,
}

impl Container {
    pub(super) fn at(port: u16) -> Self {
        let name = match port {
            DEFAULT_PORT => NAME.to_owned(),
            port => format!("{NAME}-{port}"),
        };
        Self { name, port }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is such a container that setup made.
    pub(super) fn is_ours(&self) -> bool {
        self.label() == Some(true)
    }

    /// Whether there is such a container that somebody else made.
    pub(super) fn is_foreign(&self) -> bool {
        self.label() == Some(false)
    }

    /// Whether it has setup's label; `None` where there is no such container.
    fn label(&self) -> Option<bool> {
        if !engine_answers() {
            return None;
        }
        let format = format!("{{{{index .Config.Labels \"{LABEL}\"}}}}");
        let inspect = ["inspect", "--type", "container", "--format", &format, &self.name];
        let output = Command::new("docker").args(inspect).stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| output.stdout.trim_ascii() == b"yes")
    }

    /// Starts it, in place of one of setup's that has ended. Docker fetches the image where it is
    /// missing.
    pub(super) fn run(&self, memory: ByteSize, policy: &str) -> Result<(), String> {
        if self.is_ours() {
            self.remove();
        }
        let (label, memory) = (format!("{LABEL}=yes"), memory.0.to_string());
        let publish = format!("127.0.0.1:{}:6379", self.port);
        let output = Command::new("docker")
            .args(["run", "--detach", "--name", &self.name, "--label", &label])
            .args(["--publish", &publish, IMAGE, "redis-server"])
            .args(["--maxmemory", &memory, "--maxmemory-policy", policy])
            .args(["--save", "", "--appendonly", "no"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        // Docker makes the container before it finds that the port is taken.
        self.remove();
        let words = String::from_utf8_lossy(&output.stderr);
        Err(words.lines().last().unwrap_or("docker run failed").trim().to_owned())
    }

    /// Removes it if it is ours.
    pub(super) fn remove(&self) {
        if self.is_ours() {
            let remove = ["rm", "--force", "--volumes", &self.name];
            let _ = Command::new("docker").args(remove).stdin(Stdio::null()).output();
        }
    }
}
