//! Lines of any bytes, of bounded length.

use std::io::{self, BufRead};

/// The longest line that is taken, in bytes.
pub(crate) const LONGEST: usize = 10 << 20;

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Bytes(Vec<u8>),
    /// Longer than [`LONGEST`]; it was skipped, not kept.
    TooLong,
}

/// Reads lines that end in LF or CRLF; the last need not end. A byte order mark at the start is
/// left out.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    at_start: bool,
    /// Bytes read so far.
    pub(crate) consumed: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, at_start: true, consumed: 0 }
    }

    /// The next line; `None` at the end.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let mut too_long = false;
        let mut anything = false;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            anything = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let content = &available[..end.unwrap_or(available.len())];
            // Two more, as the line's end may yet turn out to be a CR, and not to count.
            too_long |= line.len() + content.len() > LONGEST + 2;
            if too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(content);
            }
            let used = content.len() + usize::from(end.is_some());
            self.reader.consume(used);
            self.consumed += used as u64;
            if end.is_some() {
                break;
            }
        }
        if !anything {
            return Ok(None);
        }
        if std::mem::take(&mut self.at_start) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let too_long = too_long || line.len() > LONGEST;
        Ok(Some(if too_long { Line::TooLong } else { Line::Bytes(line) }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Through a buffer so small that lines are put together from pieces.
    fn lines(bytes: &[u8]) -> Vec<Line> {
        let mut lines = Lines::new(BufReader::with_capacity(3, bytes));
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push(line);
        }
        assert_eq!(lines.consumed, bytes.len() as u64);
        all
    }

    fn text(text: &str) -> Line {
        Line::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn lines_end_as_on_every_system() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n"), [text("")]);
        assert_eq!(lines("가나\r\n\n다 라".as_bytes()), [text("가나"), text(""), text("다 라")]);
        assert_eq!(lines(b"\xef\xbb\xbfa\nb\n"), [text("a"), text("b")]);
        assert_eq!(lines(b"a\rb\n"), [text("a\rb")]);
    }

    #[test]
    fn too_long_lines_are_skipped_and_the_next_is_whole() {
        let mut input = vec![b'x'; LONGEST];
        input.extend_from_slice(b"\r\nshort\n");
        input.extend(vec![b'y'; LONGEST + 1]);
        input.extend_from_slice(b"\nlast");
        let mut lines = Lines::new(BufReader::new(&input[..]));
        let whole = Line::Bytes(vec![b'x'; LONGEST]);
        assert!(lines.next_line().unwrap() == Some(whole), "the longest line is taken");
        assert_eq!(lines.next_line().unwrap(), Some(text("short")));
        assert_eq!(lines.next_line().unwrap(), Some(Line::TooLong));
        assert_eq!(lines.next_line().unwrap(), Some(text("last")));
        assert_eq!(lines.next_line().unwrap(), None);
    }
}
