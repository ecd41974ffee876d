//! The input cut into chunks of whole lines.
//!
//! Guarantees: memory is bounded by one chunk and one line of the longest kind that is allowed; every line is in
//! exactly one chunk, in order, and is numbered as an editor would.

use std::io::{self, BufRead, BufReader, Read};

use crate::decode::Chunk;

/// Bytes by which the search for the end of a long line goes on, at the most.
const STEP_BYTES_MAX: usize = 1 << 20;

/// Cuts a text into chunks.
pub(crate) struct LineChunks {
    reader: BufReader<Box<dyn Read + Send>>,
    /// Bytes read and not given out: the beginning of a line.
    pending: Vec<u8>,
    next_line: u64,
    chunk_bytes: usize,
    line_bytes_max: usize,
    step_bytes: usize,
}

impl LineChunks {
    /// Chunks of about `chunk_bytes`; the rest of a line is dropped once `line_bytes_max` bytes of it are known.
    pub(crate) fn new(
        reader: Box<dyn Read + Send>,
        chunk_bytes: usize,
        line_bytes_max: usize,
    ) -> Self {
        // A step over the limit is enough to know that a line is too long.
        let step_bytes = chunk_bytes
            .clamp(1, STEP_BYTES_MAX)
            .min(line_bytes_max.saturating_add(1));
        Self {
            reader: BufReader::with_capacity(step_bytes, reader),
            pending: Vec::new(),
            next_line: 1,
            chunk_bytes: chunk_bytes.max(1),
            line_bytes_max,
            step_bytes,
        }
    }

    /// The next chunk; `None` at the end of the input.
    pub(crate) fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut wanted = self.chunk_bytes;
        loop {
            let searched = self.pending.len();
            let room = wanted.saturating_sub(searched) as u64;
            self.pending.reserve(wanted.saturating_sub(searched));
            let found = self
                .reader
                .by_ref()
                .take(room)
                .read_to_end(&mut self.pending)? as u64;
            if let Some(end) = self.pending[searched..]
                .iter()
                .rposition(|&byte| byte == b'\n')
            {
                let rest = self.pending.split_off(searched + end + 1);
                return Ok(Some(self.chunk(rest, false)));
            }
            if found < room {
                return Ok((!self.pending.is_empty()).then(|| self.chunk(Vec::new(), false)));
            }
            if self.pending.len() > self.line_bytes_max {
                self.pending.clear();
                self.skip_line()?;
                return Ok(Some(self.chunk(Vec::new(), true)));
            }
            wanted = self.pending.len() + self.step_bytes;
        }
    }

    /// Gives out what is pending and keeps `rest` for the next chunk.
    fn chunk(&mut self, rest: Vec<u8>, is_followed_by_too_long: bool) -> Chunk {
        let text = std::mem::replace(&mut self.pending, rest);
        let first_line = self.next_line;
        let line_feeds = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.next_line += line_feeds + u64::from(is_followed_by_too_long);
        Chunk {
            first_line,
            text,
            is_followed_by_too_long,
        }
    }

    /// Drops everything up to the end of the line.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let (length, is_last) = (end.map_or(buffer.len(), |end| end + 1), buffer.is_empty());
            self.reader.consume(length);
            if end.is_some() || is_last {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Number and text of every line, as the chunks give them; `None` for one that was too long.
    fn lines(text: &str, chunk_bytes: usize, line_bytes_max: usize) -> Vec<(u64, Option<String>)> {
        let reader = Box::new(Cursor::new(text.to_owned().into_bytes()));
        let mut chunks = LineChunks::new(reader, chunk_bytes, line_bytes_max);
        let mut lines = Vec::new();
        while let Some(chunk) = chunks.next_chunk().unwrap() {
            assert!(chunk.text.len() <= chunk_bytes.max(line_bytes_max * 2 + 2));
            let text = String::from_utf8(chunk.text).unwrap();
            let mut number = chunk.first_line;
            for line in text.split_inclusive('\n') {
                lines.push((number, Some(line.trim_end_matches('\n').to_owned())));
                number += 1;
            }
            if chunk.is_followed_by_too_long {
                lines.push((number, None));
            }
        }
        lines
    }

    #[test]
    fn every_line_comes_once_whatever_the_size_of_chunks() {
        let texts = [
            "",
            "\n",
            "a",
            "a\n",
            "\n\na\r\n\nbc",
            "0123456789\nx\n\n0123456789",
        ];
        for text in texts {
            let expected: Vec<_> = (1..)
                .zip(
                    text.split_inclusive('\n')
                        .map(|line| Some(line.trim_end_matches('\n').to_owned())),
                )
                .collect();
            for chunk_bytes in 1..25 {
                assert_eq!(
                    lines(text, chunk_bytes, 10),
                    expected,
                    "{text:?} in chunks of {chunk_bytes}"
                );
            }
        }
    }

    #[test]
    fn a_line_over_the_limit_is_dropped_and_those_around_it_are_kept() {
        let long = "x".repeat(100);
        let text = format!("a\n{long}\nb\n{long}\n{long}\n\nc\n{long}");
        let short = |number, text: &str| (number, Some(text.to_owned()));
        let expected = [
            short(1, "a"),
            (2, None),
            short(3, "b"),
            (4, None),
            (5, None),
            short(6, ""),
            short(7, "c"),
            (8, None),
        ];
        for chunk_bytes in [1, 2, 7, 20] {
            let found = lines(&text, chunk_bytes, 20);
            assert_eq!(found, expected, "in chunks of {chunk_bytes}");
        }
    }
}
