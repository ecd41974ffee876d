//! Ids for what came without one (domain specification §2.5).
//!
//! Guarantees: the same parts give the same id in every process; parts cannot run into each other, because U+001F
//! stands between them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use uuid::{NoContext, Timestamp, Uuid};

/// Stands between the parts that are hashed.
const SEPARATOR: &[u8] = b"\x1f";

/// Bytes of the hash that an id shows, two hexadecimal digits each.
const HASH_BYTES_SHOWN: usize = 16;

/// `h_` and the first 32 hexadecimal digits of the SHA-256 of the parts.
pub(super) fn hash_id(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hasher.update(SEPARATOR);
        }
        hasher.update(part.as_bytes());
    }
    let mut id = String::with_capacity(2 + 2 * HASH_BYTES_SHOWN);
    id.push_str("h_");
    for byte in hasher.finalize().iter().take(HASH_BYTES_SHOWN) {
        // Writing to a string cannot fail.
        _ = write!(id, "{byte:02x}");
    }
    id
}

/// A fresh UUIDv7 of the instant `micros` (µs since 1970-01-01T00:00:00Z).
pub(super) fn random_id(micros: i64) -> String {
    let seconds = u64::try_from(micros.div_euclid(1_000_000)).unwrap_or_default();
    let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos)).to_string()
}

/// An instant as it enters hashes: `2026-03-12T14:00:00.000000`.
pub(super) fn hashed_instant(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros)
        .map(|instant| instant.format("%Y-%m-%dT%H:%M:%S%.6f").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_hash_of_its_parts_with_separators() {
        // sha256(b"c1\x1fuser\x1f2026-03-12T14:00:00.000000\x1fhi")
        let sent_at = hashed_instant(1_773_324_000_000_000);
        assert_eq!(sent_at, "2026-03-12T14:00:00.000000");
        assert_eq!(
            hash_id(&["c1", "user", &sent_at, "hi"]),
            "h_3a5c5464be2347bd59d39cfc5afc2aac"
        );
        assert_ne!(hash_id(&["a", "bc"]), hash_id(&["ab", "c"]));
    }

    #[test]
    fn random_ids_differ_and_carry_their_time() {
        let (first, second) = (
            random_id(1_773_324_000_000_000),
            random_id(1_773_324_000_000_000),
        );
        assert_ne!(first, second);
        let uuid = Uuid::parse_str(&first).unwrap();
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_timestamp().unwrap().to_unix().0, 1_773_324_000);
    }
}
