//! Server-sent events, read as the WHATWG describes them.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>,
//! with two liberties. Bytes that are no UTF-8 are kept instead of replaced, so that whoever reads
//! the data refuses them. `id` and `retry` are ignored: an answer cannot be resumed.

use std::mem;

use bytes::{Buf, Bytes};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event. Without `Debug`: it holds what a model said.
#[derive(PartialEq, Eq)]
pub(super) struct Event {
    /// Its type; empty means `message`.
    pub(super) name: Vec<u8>,
    /// Its `data` lines, with a line feed between them.
    pub(super) data: Vec<u8>,
}

/// An event is longer than the parser takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventTooLong;

/// Makes events of bytes, however they are split. Holds one unfinished event at most.
pub(super) struct EventParser {
    limit: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    name: Vec<u8>,
    /// Each line of it followed by a line feed.
    data: Vec<u8>,
    /// The last line ended in a carriage return: a line feed now belongs to that end.
    after_return: bool,
    /// No line has been read: this one may begin with a byte order mark.
    first: bool,
}

impl EventParser {
    /// A parser at the beginning of a stream, for events of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            name: Vec::new(),
            data: Vec::new(),
            after_return: false,
            first: true,
        }
    }

    /// The next event, taken from the front of `input`. `None` says that `input` is used up and the
    /// event goes on in what comes next; an event that the stream's end cuts off is none.
    pub(super) fn next(&mut self, input: &mut Bytes) -> Result<Option<Event>, EventTooLong> {
        loop {
            if self.after_return && !input.is_empty() {
                self.after_return = false;
                if input[0] == b'\n' {
                    input.advance(1);
                }
            }
            let end = input.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let part = input.split_to(end.unwrap_or(input.len()));
            if self.line.len() + self.data.len() + self.name.len() + part.len() > self.limit {
                return Err(EventTooLong);
            }
            if end.is_none() {
                self.line.extend_from_slice(&part);
                return Ok(None);
            }
            self.after_return = input.get_u8() == b'\r';
            if let Some(event) = self.end_line(&part) {
                return Ok(Some(event));
            }
        }
    }

    /// Ends the line whose last part this is. An empty line ends the event.
    fn end_line(&mut self, part: &[u8]) -> Option<Event> {
        let mut kept = mem::take(&mut self.line);
        let line = if kept.is_empty() {
            part
        } else {
            kept.extend_from_slice(part);
            kept.as_slice()
        };
        let line = match line.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if self.first => rest,
            _ => line,
        };
        self.first = false;
        if line.is_empty() {
            return self.end_event();
        }
        self.field(line);
        None
    }

    /// Reads `name: value`. A line that begins with a colon is a comment, and has no known name.
    fn field(&mut self, line: &[u8]) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            _ => {}
        }
    }

    /// An event without a `data` line is none.
    fn end_event(&mut self) -> Option<Event> {
        let name = mem::take(&mut self.name);
        let mut data = mem::take(&mut self.data);
        data.pop().map(|_| Event { name, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// Type and data of every event in these parts.
    fn events<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
        let mut parser = EventParser::new(1 << 20);
        let mut found = Vec::new();
        for part in parts {
            let mut input = Bytes::copy_from_slice(part);
            while let Some(event) = parser.next(&mut input).unwrap() {
                found.push((text(&event.name), text(&event.data)));
            }
            assert!(input.is_empty(), "input is left");
        }
        found
    }

    fn data(stream: &str) -> Vec<String> {
        events([stream.as_bytes()]).into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn the_specifications_examples() {
        let stock = "data: YHOO\ndata: +2\ndata: 10\n\n";
        assert_eq!(data(stock), ["YHOO\n+2\n10"]);
        let blocks = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n\
                      data:  third event\n\n";
        assert_eq!(data(blocks), ["first event", "second event", " third event"]);
        assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"], "the last has no end");
        assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
    }

    #[test]
    fn lines_end_in_three_ways() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = format!("data: a{end}data: b{end}{end}data: c{end}{end}");
            assert_eq!(data(&stream), ["a\nb", "c"], "{end:?}");
        }
        assert_eq!(data("data: a\r\ndata: b\n\rdata: c\r\r\n"), ["a\nb", "c"]);
    }

    #[test]
    fn an_event_is_there_with_its_last_byte() {
        let mut parser = EventParser::new(100);
        for (stream, done) in [("data: a\r\n\r", true), ("\ndata: b\n", false), ("\n", true)] {
            let event = parser.next(&mut Bytes::from_static(stream.as_bytes())).unwrap();
            assert_eq!(event.is_some(), done, "{stream:?}");
        }
    }

    #[test]
    fn types_comments_and_unknown_fields() {
        let stream = b":\n: comment\nevent: error\nretry: 5\nDATA: no\ndata : no\ndata: yes\n\n\
                       event: lost\n\ndata: next\n\n";
        let named = [("error", "yes"), ("", "next")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(events([stream.as_slice()]), named);
    }

    #[test]
    fn one_byte_order_mark_is_skipped() {
        assert_eq!(data("\u{feff}data: a\n\n"), ["a"]);
        assert!(data("\u{feff}\u{feff}data: a\n\n").is_empty());
        assert_eq!(data("data: a\n\n\u{feff}data: b\n\ndata: \u{feff}c\n\n"), ["a", "\u{feff}c"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        let mut parser = EventParser::new(100);
        let event = parser.next(&mut Bytes::from_static(b"data: \xFF\xC3\n\n")).unwrap();
        assert!(event.is_some_and(|event| event.data == b"\xFF\xC3"));
    }

    #[test]
    fn events_are_bounded() {
        let line = |length: usize| format!("data: {}\n", "x".repeat(length));
        let too_long = |stream: String| {
            let mut parser = EventParser::new(64);
            let mut input = Bytes::from(stream);
            while let Ok(event) = parser.next(&mut input) {
                if event.is_none() {
                    return false;
                }
            }
            true
        };
        assert!(!too_long(format!("{}\n", line(50)).repeat(10)));
        assert!(too_long(line(59)), "a line");
        assert!(too_long("x".repeat(65)), "a line without an end");
        assert!(too_long(line(20).repeat(3)), "several lines");
        assert!(too_long(format!("event: {}\n{}", "x".repeat(40), line(20))), "type and data");
    }

    /// Pieces of streams that are likely to bring out the corners of the format.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("data: {\"content\":\"안녕 😀\"}".as_bytes().to_vec()),
            prop::sample::select(vec![
                "event: error",
                ": keep-alive",
                "\r\n\r\n",
                "[DONE]",
                "id: 1"
            ])
            .prop_map(|piece| piece.as_bytes().to_vec()),
            prop::sample::select(vec![
                "\n", "\r", "\r\n", "\n\n", "data", "data:", ":", " ", "\u{feff}"
            ])
            .prop_map(|piece| piece.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(
            stream in streams(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let whole = events([stream.as_slice()]);
            prop_assert_eq!(&whole, &events(stream.chunks(1)));
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.sort_unstable();
            let mut start = 0;
            let mut parts = Vec::new();
            for cut in cuts {
                parts.push(&stream[start..cut]);
                start = cut;
            }
            parts.push(&stream[start..]);
            prop_assert_eq!(whole, events(parts));
        }
    }
}
