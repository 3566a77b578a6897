//! Server-sent events, cut out of bytes that come in any pieces.

use std::time::Duration;

/// The longest `retry:` that is honoured.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// One block of the stream.
#[derive(Default, PartialEq, Eq, Debug)]
pub(super) struct Block {
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) data: Vec<u8>,
    pub(super) retry: Option<Duration>,
}

/// A line or an event is longer than is read.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
#[error("an event is longer than {0} bytes")]
pub(super) struct TooLong(usize);

/// Cuts.
#[derive(Debug)]
pub(super) struct Parser {
    longest: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    block: Block,
    has_data: bool,
    /// A line feed now would belong to the carriage return before it.
    after_return: bool,
    is_first_line: bool,
}

impl Parser {
    pub(super) fn new(longest: usize) -> Self {
        Self {
            longest,
            line: Vec::new(),
            block: Block::default(),
            has_data: false,
            after_return: false,
            is_first_line: true,
        }
    }

    /// Takes bytes, and gives the blocks that they complete to `found`.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Block)) -> Result<(), TooLong> {
        loop {
            if self.after_return && !bytes.is_empty() {
                self.after_return = false;
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            let Some(end) = bytes.iter().position(|it| matches!(it, b'\n' | b'\r')) else {
                return self.keep(bytes);
            };
            self.after_return = bytes[end] == b'\r';
            let line = &bytes[..end];
            bytes = &bytes[end + 1..];
            let block = if self.line.is_empty() {
                self.take_line(line)?
            } else {
                self.keep(line)?;
                let whole = std::mem::take(&mut self.line);
                self.take_line(&whole)?
            };
            if let Some(block) = block {
                found(block);
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > self.longest {
            return Err(TooLong(self.longest));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn take_line(&mut self, mut line: &[u8]) -> Result<Option<Block>, TooLong> {
        if std::mem::take(&mut self.is_first_line) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            self.has_data = false;
            let block = std::mem::take(&mut self.block);
            let says_nothing = block.data.is_empty() && block.id.is_none() && block.retry.is_none();
            return Ok((!says_nothing).then_some(block));
        }
        let colon = line.iter().position(|it| *it == b':');
        let (name, value) = match colon {
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line, &line[..0]),
        };
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b"data" => {
                if self.block.data.len() + value.len() >= self.longest {
                    return Err(TooLong(self.longest));
                }
                if std::mem::replace(&mut self.has_data, true) {
                    self.block.data.push(b'\n');
                }
                self.block.data.extend_from_slice(value);
            }
            b"event" => self.block.kind = text(),
            b"id" if !value.contains(&0) => self.block.id = Some(text()),
            b"retry" => {
                let asked = text().parse().ok().map(Duration::from_millis);
                self.block.retry = asked.map(|it| it.min(LONGEST_RETRY)).or(self.block.retry);
            }
            // A comment, or a field that nobody knows.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<Block> {
        let mut parser = Parser::new(1000);
        let mut found = Vec::new();
        for piece in pieces {
            parser.feed(piece, |it| found.push(it)).unwrap();
        }
        found
    }

    fn block(id: &str, kind: &str, data: &str) -> Block {
        Block { id: Some(id.into()), kind: kind.into(), data: data.into(), retry: None }
    }

    const STREAM: &str = "\u{feff}: hello\r\nid: 1\r\nevent: a\r\ndata: {\"x\":\"Grüße\"}\r\n\r\n:\n\nid:2\nevent:b\n\
                          data: one\ndata:\ndata:  two\nunknown: x\nnothing\n\nid: 3\r\rdata: never ended";

    #[test]
    fn it_is_the_same_however_the_bytes_are_cut() {
        let whole = parse(&[STREAM.as_bytes()]);
        let expected = [block("1", "a", "{\"x\":\"Grüße\"}"), block("2", "b", "one\n\n two"), block("3", "", "")];
        assert_eq!(whole, expected);
        for size in 1..STREAM.len() {
            let pieces: Vec<_> = STREAM.as_bytes().chunks(size).collect();
            assert_eq!(parse(&pieces), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn waits_are_bounded_and_ids_hold_no_nul() {
        let found = parse(&[b"retry: 1500\n\nretry: soon\n\nretry: 99999999\nid: a\0b\n\n"]);
        let waits: Vec<_> = found.iter().map(|it| it.retry.map(|it| it.as_millis())).collect();
        assert_eq!(waits, [Some(1500), Some(60_000)]);
        assert_eq!(found[1].id, None);
    }

    #[test]
    fn lines_and_events_without_end_are_refused() {
        let endless = [b'x'; 600];
        let mut parser = Parser::new(1000);
        parser.feed(&endless, |_| unreachable!("nothing is complete")).unwrap();
        assert_eq!(parser.feed(&endless, |_| unreachable!("nothing is complete")), Err(TooLong(1000)));

        let mut parser = Parser::new(1000);
        let line = [b"data: ".as_slice(), &[b'x'; 600], b"\n"].concat();
        parser.feed(&line, |_| unreachable!("nothing is complete")).unwrap();
        assert_eq!(parser.feed(&line, |_| unreachable!("nothing is complete")), Err(TooLong(1000)));
    }
}
