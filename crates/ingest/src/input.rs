//! The raw bytes of an input: opened, counted, unpacked.
//!
//! Guarantees: gzip (also of several members) and zstd are recognised by their first bytes; input that is damaged or
//! cut off ends in an error, never in silence.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};
use crate::options::Source;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Bytes that are read from the source at once.
const READ_BYTES: usize = 256 << 10;

/// Bytes that have been read from the source, before unpacking.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByteCount(Arc<AtomicU64>);

impl ByteCount {
    /// Bytes so far.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Says how many it has been.
    pub(crate) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Counts further bytes.
    fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts what passes.
struct CountingReader {
    inner: Box<dyn Read + Send>,
    count: ByteCount,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.add(length as u64);
        Ok(length)
    }
}

/// An input before its first bytes were looked at.
pub(crate) struct Input {
    reader: CountingReader,
}

impl Input {
    /// Opens a source.
    pub(crate) fn open(source: Source) -> Result<Self> {
        let inner: Box<dyn Read + Send> = match source {
            Source::Reader(reader) => reader,
            Source::Path(path) => Box::new(open_file(path)?),
        };
        Ok(Self {
            reader: CountingReader {
                inner,
                count: ByteCount::default(),
            },
        })
    }

    /// Bytes read so far, also while somebody else reads.
    pub(crate) fn byte_count(&self) -> ByteCount {
        self.reader.count.clone()
    }

    /// The text inside: unpacked, without a byte order mark. Blocks until the first bytes are there.
    pub(crate) fn unpack(mut self) -> io::Result<Box<dyn Read + Send>> {
        let start = read_start(&mut self.reader, ZSTD_MAGIC.len())?;
        let (is_gzip, is_zstd) = (start.starts_with(GZIP_MAGIC), start.starts_with(ZSTD_MAGIC));
        let whole = BufReader::with_capacity(READ_BYTES, Cursor::new(start).chain(self.reader));
        let mut text: Box<dyn Read + Send> = if is_gzip {
            Box::new(MultiGzDecoder::new(whole))
        } else if is_zstd {
            Box::new(zstd::stream::read::Decoder::with_buffer(whole)?)
        } else {
            Box::new(whole)
        };
        let mut start = read_start(&mut text, BYTE_ORDER_MARK.len())?;
        if start == BYTE_ORDER_MARK {
            start.clear();
        }
        Ok(Box::new(Cursor::new(start).chain(text)))
    }
}

/// Opens a file for reading; a directory is an error at once.
pub(crate) fn open_file(path: std::path::PathBuf) -> Result<File> {
    let opened = File::open(&path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "expected a file, found a directory",
        )),
        false => Ok(file),
    });
    opened.map_err(|source| Error::Open { path, source })
}

/// The first bytes, fewer only at the end.
fn read_start(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(length);
    reader.take(length as u64).read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let input = Input::open(Source::Reader(Box::new(Cursor::new(bytes)))).unwrap();
        let mut text = Vec::new();
        input.unpack()?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn packed_and_plain_input_give_the_same_text() {
        let text = "{\"a\": 1}\n".repeat(1_000).into_bytes();
        let (first, second) = text.split_at(17);
        let members = [gzip(first), gzip(second)].concat();
        let frames = [
            zstd::encode_all(first, 1).unwrap(),
            zstd::encode_all(second, 1).unwrap(),
        ]
        .concat();
        for packed in [
            text.clone(),
            gzip(&text),
            members,
            zstd::encode_all(&*text, 1).unwrap(),
            frames,
        ] {
            assert_eq!(unpack(packed).unwrap(), text);
        }
    }

    #[test]
    fn short_input_and_byte_order_marks_are_no_trouble() {
        for (bytes, text) in [
            (&b""[..], &b""[..]),
            (b"a", b"a"),
            (b"\x1f", b"\x1f"),
            (b"\xef\xbb", b"\xef\xbb"),
            (b"\xef\xbb\xbf", b""),
            (b"\xef\xbb\xbf\xef\xbb\xbf[]", b"\xef\xbb\xbf[]"),
        ] {
            assert_eq!(unpack(bytes.to_vec()).unwrap(), text);
        }
        assert_eq!(unpack(gzip(b"\xef\xbb\xbf[]")).unwrap(), b"[]");
    }

    #[test]
    fn damaged_input_is_an_error_wherever_it_is_cut() {
        let text: Vec<u8> = (0..20_000u32)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        for packed in [gzip(&text), zstd::encode_all(&*text, 1).unwrap()] {
            for cut in [
                4,
                5,
                12,
                packed.len() / 2,
                packed.len() - 9,
                packed.len() - 1,
            ] {
                assert!(
                    unpack(packed[..cut].to_vec()).is_err(),
                    "cut at {cut} of {}",
                    packed.len()
                );
            }
        }
        let mut damaged = gzip(&text);
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xff;
        assert!(unpack(damaged).is_err());
    }

    #[test]
    fn what_cannot_be_opened_says_why() {
        let missing = Input::open(Source::Path("no/such/file".into()))
            .err()
            .unwrap();
        assert_eq!(missing.code(), chatlake_types::ErrorCode::NotFound);
        let directory = Input::open(Source::Path(".".into())).err().unwrap();
        assert!(
            directory
                .to_string()
                .contains("expected a file, found a directory"),
            "{directory}"
        );
    }
}
