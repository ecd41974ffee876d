//! Secrets: text that is not shown, and the random ones of API keys.
//!
//! An API key is `clk_<id>_<secret>`: 64 random bits that name it and 256 that prove it. Only the SHA-256 of the secret is kept.
//! A slow, salted hash protects what people choose, because a guess is likely to be right; 2^256 equally likely secrets cannot be
//! guessed, however fast a try is. So one fast hash is enough, and a key is verified in less than a microsecond, on every call.
//!
//! Guarantees: `Debug` shows no secret; memory is wiped when one is dropped; secrets are compared in constant time.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// What every API key begins with, so that scanners for leaked secrets find it.
pub(crate) const KEY_PREFIX: &str = "clk_";

/// What the hash of a secret begins with in the auth file.
const HASH_PREFIX: &str = "sha256:";

/// A text that is not shown.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a text from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself: for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The id of a new key: 16 hexadecimal digits.
pub(crate) fn new_key_id() -> String {
    hex(&rand::random::<[u8; 8]>())
}

/// A new secret for the key `id`: the whole key as its user gets it.
pub(crate) fn new_key(id: &str) -> Secret {
    let bytes = Zeroizing::new(rand::random::<[u8; 32]>());
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    Secret::new([KEY_PREFIX, id, "_", &secret].concat())
}

/// Takes a key apart: id and secret.
pub(crate) fn split_key(key: &str) -> Option<(&str, &str)> {
    let (id, secret) = key.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    let is_id = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && secret.len() == 43).then_some((id, secret))
}

/// What is kept of a key's secret.
pub(crate) fn key_hash(key: &Secret) -> Result<String> {
    let (_, secret) = split_key(key.reveal())
        .ok_or_else(|| Error::Internal("a new key has a wrong form".to_owned()))?;
    Ok(secret_hash(secret))
}

/// `sha256:` and 64 hexadecimal digits.
pub(crate) fn secret_hash(secret: &str) -> String {
    [HASH_PREFIX, &hex(&Sha256::digest(secret))].concat()
}

/// Is it the text of a hash as this room writes them?
pub(crate) fn is_secret_hash(text: &str) -> bool {
    text.strip_prefix(HASH_PREFIX).is_some_and(|digits| {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digits.len() == 64 && digits.bytes().all(is_digit)
    })
}

/// Are the texts the same? Takes the same time wherever they differ.
pub(crate) fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// Hexadecimal digits as bytes.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}

/// The text with every API key and JSON Web Token in it made unusable: what a person may have pasted into a statement.
pub(crate) fn redacted(text: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, word) = rest.split_at(start);
        let end = word.find(|letter| !is_part(letter)).unwrap_or(word.len());
        shown.push_str(before);
        shown.push_str(match &word[..end] {
            secret if is_like_a_secret(secret) => "[secret]",
            other => other,
        });
        rest = &word[end..];
    }
    shown.push_str(rest);
    shown
}

fn is_like_a_secret(word: &str) -> bool {
    let is_token = word.starts_with("eyJ") && word.split('.').count() == 3;
    is_token || word.contains(KEY_PREFIX) && word.len() > 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_found_again_by_its_hash() {
        let id = new_key_id();
        let (key, other) = (new_key(&id), new_key(&id));
        let (found, secret) = split_key(key.reveal()).unwrap();
        assert_eq!(found, id);
        let hash = key_hash(&key).unwrap();
        assert!(is_secret_hash(&hash) && same(&hash, &secret_hash(secret)));
        assert!(!same(&hash, &key_hash(&other).unwrap()));
        assert!(!format!("{key:?}").contains(secret));
    }

    #[test]
    fn what_is_no_key_is_not_taken_apart() {
        let good = new_key(&new_key_id());
        let good = good.reveal();
        let long = good.repeat(200);
        for text in [
            "",
            "clk_",
            "clk__",
            "clk_0123456789abcdef_",
            &good[1..],
            &good[..50],
            &long,
        ] {
            assert_eq!(split_key(text), None, "{text}");
        }
    }

    #[test]
    fn hexadecimal_digits_round_trip() {
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|_| rand::random()).collect();
            assert_eq!(unhex(&hex(&bytes)).unwrap(), bytes);
        }
        assert!(unhex("abc").is_none() && unhex("zz").is_none());
    }

    #[test]
    fn secrets_in_a_statement_are_not_repeated() {
        let key = new_key(&new_key_id());
        let text = [
            "SELECT '",
            key.reveal(),
            "', \"a\" FROM bücher -- eyJhbGciOi.eyJzdWIi.c2ln",
        ];
        assert_eq!(
            redacted(&text.concat()),
            "SELECT '[secret]', \"a\" FROM bücher -- [secret]"
        );
        assert_eq!(redacted("SELECT 1.5"), "SELECT 1.5");
    }
}
