//! The grammar: turns the bytes of one text into nodes.
//!
//! Guarantees: one pass, no recursion, no allocation but the growth of the two lists; every string token that it
//! reports can be unescaped without failing.

use super::{INTEGER_DIGITS_MAX, Kind, Malformed, NESTING_MAX, Node};

/// Where in the text the scanner is, and what it has found so far.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: &'a mut Vec<Node>,
    /// Containers that are not closed yet, outermost first.
    open: &'a mut Vec<u32>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8], nodes: &'a mut Vec<Node>, open: &'a mut Vec<u32>) -> Self {
        Self {
            bytes,
            at: 0,
            nodes,
            open,
        }
    }

    /// The whole text: one value with blanks around it.
    pub(super) fn document(mut self) -> Result<(), Malformed> {
        loop {
            self.blanks();
            let is_opened = match self.peek()? {
                b'{' => self.container(Kind::Object, b'}')?,
                b'[' => self.container(Kind::Array, b']')?,
                _ => {
                    self.scalar()?;
                    false
                }
            };
            if !is_opened && !self.after_value()? {
                return Ok(());
            }
        }
    }

    /// Opens a container. True when a value must follow, false when the container is empty and closed again.
    fn container(&mut self, kind: Kind, closing: u8) -> Result<bool, Malformed> {
        if self.open.len() >= NESTING_MAX {
            return Err(Malformed);
        }
        self.open.push(position(self.nodes.len()));
        self.nodes.push(Node {
            kind,
            start: position(self.at),
            end: 0,
            next: 0,
        });
        self.at += 1;
        self.blanks();
        if self.peek()? == closing {
            self.close()?;
            return Ok(false);
        }
        if kind == Kind::Object {
            self.key()?;
        }
        Ok(true)
    }

    /// Closes the innermost container at its bracket.
    fn close(&mut self) -> Result<(), Malformed> {
        let index = self.open.pop().ok_or(Malformed)?;
        self.at += 1;
        let next = position(self.nodes.len());
        let node = &mut self.nodes[index as usize];
        node.end = position(self.at);
        node.next = next;
        Ok(())
    }

    /// Goes on after a value: closes what ends here. True when another value must follow, false at the end.
    fn after_value(&mut self) -> Result<bool, Malformed> {
        loop {
            self.blanks();
            let Some(&index) = self.open.last() else {
                return if self.at == self.bytes.len() {
                    Ok(false)
                } else {
                    Err(Malformed)
                };
            };
            let kind = self.nodes[index as usize].kind;
            match (self.peek()?, kind) {
                (b',', Kind::Object) => {
                    self.at += 1;
                    self.blanks();
                    self.key()?;
                    return Ok(true);
                }
                (b',', _) => {
                    self.at += 1;
                    return Ok(true);
                }
                (b'}', Kind::Object) | (b']', Kind::Array) => self.close()?,
                _ => return Err(Malformed),
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<(), Malformed> {
        if self.peek()? != b'"' {
            return Err(Malformed);
        }
        self.string()?;
        self.blanks();
        if self.peek()? != b':' {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Malformed> {
        match self.peek()? {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b'n' => self.literal(b"null", Kind::Null),
            b't' => self.literal(b"true", Kind::True),
            b'f' => self.literal(b"false", Kind::False),
            b'N' => self.literal(b"NaN", Kind::NotFinite),
            b'I' => self.literal(b"Infinity", Kind::NotFinite),
            _ => Err(Malformed),
        }
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Result<(), Malformed> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(Malformed);
        }
        self.token(kind, self.at, self.at + word.len());
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        if self.bytes[start..].starts_with(b"-I") {
            return self.literal(b"-Infinity", Kind::NotFinite);
        }
        if self.bytes[start] == b'-' {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(Malformed),
        }
        let mut kind = Kind::Integer;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
            kind = Kind::Float;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
            kind = Kind::Float;
        }
        if kind == Kind::Integer && self.at - start > INTEGER_DIGITS_MAX {
            return Err(Malformed);
        }
        self.token(kind, start, self.at);
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// A string that begins at the quote.
    fn string(&mut self) -> Result<(), Malformed> {
        let start = self.at + 1;
        self.at = start;
        let mut kind = Kind::Text;
        loop {
            self.at = plain_end(self.bytes, self.at);
            match self.peek()? {
                b'"' => {
                    self.token(kind, start, self.at);
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    kind = Kind::EscapedText;
                    self.escape()?;
                }
                _ => return Err(Malformed),
            }
        }
    }

    /// An escape that begins at the backslash; both halves of a surrogate pair.
    fn escape(&mut self) -> Result<(), Malformed> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.code_unit()? {
                0xD800..=0xDBFF => {
                    let low = self.code_unit()?;
                    if !(0xDC00..=0xDFFF).contains(&low) {
                        return Err(Malformed);
                    }
                }
                0xDC00..=0xDFFF => return Err(Malformed),
                _ => {}
            },
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// `\uXXXX`.
    fn code_unit(&mut self) -> Result<u16, Malformed> {
        let escape = self.bytes.get(self.at..self.at + 6).ok_or(Malformed)?;
        if !escape.starts_with(b"\\u") {
            return Err(Malformed);
        }
        self.at += 6;
        escape[2..].iter().try_fold(0, |unit: u16, &digit| {
            let digit = char::from(digit).to_digit(16).ok_or(Malformed)?;
            Ok(unit << 4 | u16::try_from(digit).map_err(|_| Malformed)?)
        })
    }

    fn token(&mut self, kind: Kind, start: usize, end: usize) {
        let next = position(self.nodes.len() + 1);
        self.nodes.push(Node {
            kind,
            start: position(start),
            end: position(end),
            next,
        });
    }

    fn peek(&self) -> Result<u8, Malformed> {
        self.bytes.get(self.at).copied().ok_or(Malformed)
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }
}

/// The text is at most 4 GiB long and has at most one node per byte (`Tape::parse` checks it).
fn position(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

const EVERY_BYTE: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Place of the first byte at or after `at` that ends plain string content: a quote, a backslash or a control
/// character. Eight bytes at a time: of each comparison the lowest bit that is set is exact.
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(Ok(word)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(word);
        let quote = word ^ (EVERY_BYTE * 0x22);
        let backslash = word ^ (EVERY_BYTE * 0x5C);
        let found = (quote.wrapping_sub(EVERY_BYTE) & !quote)
            | (backslash.wrapping_sub(EVERY_BYTE) & !backslash)
            | (word.wrapping_sub(EVERY_BYTE * 0x20) & !word);
        let found = found & HIGH_BITS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}
