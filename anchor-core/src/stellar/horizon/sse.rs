//! Server-sent events, from bytes as they come.

use super::malformed;
use crate::stellar::LedgerError;

/// One event: its kind (empty for a plain message) and its data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: String,
    pub(super) data: String,
}

/// Collects bytes until they are events; never more than `max` at a time.
#[derive(Debug)]
pub(super) struct Parser {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    after_return: bool,
    max: usize,
}

impl Parser {
    pub(super) fn new(max: usize) -> Self {
        Self { line: Vec::new(), event: Event::default(), has_data: false, after_return: false, max }
    }

    /// The events that these bytes complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, LedgerError> {
        let mut events = Vec::new();
        for byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.end_line(&line)?);
                }
                byte => {
                    if self.line.len().saturating_add(self.event.data.len()) >= self.max {
                        return Err(malformed("an event is too long"));
                    }
                    self.line.push(*byte);
                }
            }
        }
        Ok(events)
    }

    fn end_line(&mut self, line: &[u8]) -> Result<Option<Event>, LedgerError> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            let has_data = std::mem::take(&mut self.has_data);
            return Ok(has_data.then_some(event));
        }
        let line = std::str::from_utf8(line).map_err(|_| malformed("an event is not UTF-8"))?;
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.kind),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // comments, ids (every record has its paging token) and pauses (we have our own)
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: &str) -> Event {
        Event { kind: kind.into(), data: data.into() }
    }

    const TEXT: &str = "retry: 1000\nevent: open\ndata: \"hello\"\n\n:\n\nid: 5\ndata: {\"a\":1}\n\ndata: 1\ndata:2\n\nevent: close\r\ndata: bye\r\n\r\nevent: nothing\n\n";

    #[test]
    fn events_are_read_however_the_bytes_are_cut() {
        let expected =
            [event("open", "\"hello\""), event("", "{\"a\":1}"), event("", "1\n2"), event("close", "bye")];
        for size in 1..TEXT.len() {
            let mut parser = Parser::new(100);
            let mut events = Vec::new();
            for chunk in TEXT.as_bytes().chunks(size) {
                events.extend(parser.push(chunk).unwrap());
            }
            assert_eq!(events, expected, "{size}");
        }
    }

    #[test]
    fn unfinished_event_is_not_an_event() {
        assert_eq!(Parser::new(100).push(b"data: {\"a\"").unwrap(), []);
        assert_eq!(Parser::new(100).push(b"data: {}\n").unwrap(), []);
    }

    #[test]
    fn endless_event_is_an_error() {
        let mut parser = Parser::new(100);
        assert!((0..30).any(|_| parser.push(b"data: 12345\n").is_err()));
        assert!(Parser::new(100).push(&[b'a'; 101]).is_err());
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        assert!(Parser::new(100).push(b"data: \xff\n").is_err());
    }
}
