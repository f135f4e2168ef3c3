//! What the libraries tell while they work, on standard error.

use std::io;

use tracing_subscriber::EnvFilter;

/// Starts to log. Without `-v` and without `RUST_LOG` nothing is logged: what matters to the user
/// comes as an error.
pub(crate) fn start(verbosity: u8, color: bool) {
    let filter = match (std::env::var("RUST_LOG"), verbosity) {
        (Ok(directives), _) if !directives.is_empty() => {
            EnvFilter::builder().parse_lossy(directives)
        }
        (_, 0) => return,
        (_, 1) => EnvFilter::new("info"),
        (_, _) => EnvFilter::new("debug"),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(color)
        .init();
}
