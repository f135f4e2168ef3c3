//! What a proxy can do to answers.

use std::time::Duration;

/// What happens to a server's answers on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// They come this much later. Their order and their throughput stay.
    Delay(Duration),
    /// They do not come, until the fault is another one; connections stay open.
    Silence,
    /// One byte in about so many is another one.
    Garble(u32),
    /// Where this text is first in an answer, what follows it is overwritten: a server tells something else
    /// of itself. The answer stays as long as it was, and the text has to come in one piece.
    Overwrite {
        /// What the server says.
        after: &'static str,
        /// What takes the place of as many bytes behind it.
        with: &'static str,
    },
    /// Of every connection, only so many bytes come; then it is closed.
    CutAfter(usize),
}

impl Fault {
    pub(crate) fn delay(self) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            _ => Duration::ZERO,
        }
    }
}

/// Spoils the answers on one connection.
#[derive(Debug)]
pub(crate) struct Spoiler {
    random: u64,
    passed: usize,
}

impl Default for Spoiler {
    fn default() -> Self {
        Self { random: 0x9e37_79b9_7f4a_7c15, passed: 0 }
    }
}

impl Spoiler {
    /// What comes of these bytes, and whether the connection ends with them.
    pub(crate) fn spoil(&mut self, fault: Fault, mut bytes: Vec<u8>) -> (Vec<u8>, bool) {
        match fault {
            Fault::Garble(one_in) => {
                for byte in &mut bytes {
                    let random = self.next();
                    if random.is_multiple_of(u64::from(one_in.max(1))) {
                        *byte ^= u8::try_from((random >> 32) % 255).unwrap_or_default() + 1;
                    }
                }
                (bytes, false)
            }
            Fault::Overwrite { after, with } => {
                overwrite(&mut bytes, after.as_bytes(), with.as_bytes());
                (bytes, false)
            }
            Fault::CutAfter(length) => {
                let left = length.saturating_sub(self.passed);
                let ends = bytes.len() > left;
                bytes.truncate(left);
                self.passed += bytes.len();
                (bytes, ends)
            }
            Fault::None | Fault::Delay(_) | Fault::Silence => {
                self.passed = 0;
                (bytes, false)
            }
        }
    }

    /// Marsaglia's xorshift: the same on every run.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

fn overwrite(bytes: &mut [u8], after: &[u8], with: &[u8]) {
    let found = bytes.windows(after.len()).position(|part| part == after);
    if let Some(behind) = found.and_then(|start| bytes.get_mut(start + after.len()..)) {
        let length = behind.len().min(with.len());
        behind[..length].copy_from_slice(&with[..length]);
    }
}
