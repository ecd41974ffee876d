//! Signatures over what leaves the server and comes back: tickets that survive a restart.
//!
//! HMAC-SHA256 with one random key of 256 bits, kept in a private file. Each signature covers a *purpose* too, so that bytes
//! signed for one thing cannot be brought back as another.
//!
//! Guarantees: signatures are compared in constant time; two servers that start at once end with the same key; a damaged key
//! file is an error and never replaced, because that would end every ticket without a word.

use std::path::Path;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::{hex, unhex};
use crate::{Error, Result, private_file};

/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 32;
/// Bytes of the key.
const KEY_BYTES: usize = 32;
/// What the key file begins with.
const KEY_FORM: &str = "chatlake-signing-key-1:";

/// See the module's documentation.
#[derive(Clone)]
pub struct Signer {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Signer {
    /// With the key in a file, which is made when it is not there.
    ///
    /// # Errors
    /// When the file cannot be read or made, others may read it, or it holds no key.
    pub fn open(path: &Path) -> Result<Self> {
        let text = match private_file::read(path)? {
            Some(text) => Zeroizing::new(text),
            None => {
                let key = Zeroizing::new(rand::random::<[u8; KEY_BYTES]>());
                let text = Zeroizing::new([KEY_FORM, &hex(key.as_slice()), "\n"].concat());
                match private_file::create(path, &text)? {
                    true => text,
                    // another server was faster
                    false => Zeroizing::new(private_file::read(path)?.unwrap_or_default()),
                }
            }
        };
        let digits = text.trim().strip_prefix(KEY_FORM);
        let key = digits.and_then(unhex).map(Zeroizing::new);
        let key = key.filter(|key| key.len() == KEY_BYTES).ok_or_else(|| {
            Error::bad_file(
                path,
                "expected a signing key; remove the file to get a new one, which ends all open tickets",
            )
        })?;
        Self::with_key(&key)
    }

    /// With a key that ends with the process.
    ///
    /// # Errors
    /// Never in practice: HMAC takes keys of any length.
    pub fn ephemeral() -> Result<Self> {
        Self::with_key(Zeroizing::new(rand::random::<[u8; KEY_BYTES]>()).as_slice())
    }

    fn with_key(key: &[u8]) -> Result<Self> {
        let mac = Hmac::new_from_slice(key).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { mac })
    }

    /// The signature of `bytes` for a purpose, 32 bytes.
    pub fn sign(&self, purpose: &str, bytes: &[u8]) -> Vec<u8> {
        self.of(purpose, bytes).finalize().into_bytes().to_vec()
    }

    /// # Errors
    /// [`Error::BadSignature`] when the signature is of other bytes, another purpose or another key.
    pub fn verify(&self, purpose: &str, bytes: &[u8], signature: &[u8]) -> Result<()> {
        let verified = self.of(purpose, bytes).verify_slice(signature);
        verified.map_err(|_| Error::BadSignature)
    }

    /// The bytes with their signature in front.
    pub fn seal(&self, purpose: &str, bytes: &[u8]) -> Vec<u8> {
        let mut sealed = self.sign(purpose, bytes);
        sealed.extend_from_slice(bytes);
        sealed
    }

    /// The bytes that were sealed.
    ///
    /// # Errors
    /// As [`Signer::verify`].
    pub fn open_sealed<'a>(&self, purpose: &str, sealed: &'a [u8]) -> Result<&'a [u8]> {
        let (signature, bytes) = sealed
            .split_at_checked(SIGNATURE_BYTES)
            .ok_or(Error::BadSignature)?;
        self.verify(purpose, bytes, signature)?;
        Ok(bytes)
    }

    fn of(&self, purpose: &str, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        // the length keeps purpose and bytes apart
        mac.update(&(purpose.len() as u64).to_le_bytes());
        mac.update(purpose.as_bytes());
        mac.update(bytes);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("_auth/signing.key");
        let sealed = Signer::open(&path).unwrap().seal("ticket", b"SELECT 1");
        let again = Signer::open(&path).unwrap();
        assert_eq!(again.open_sealed("ticket", &sealed).unwrap(), b"SELECT 1");
        assert!(again.open_sealed("handle", &sealed).is_err());
        assert!(
            Signer::ephemeral()
                .unwrap()
                .open_sealed("ticket", &sealed)
                .is_err()
        );
        assert!(!format!("{again:?}").contains(&hex(&sealed[..4])));
    }

    #[test]
    fn every_changed_or_missing_byte_is_found() {
        let signer = Signer::ephemeral().unwrap();
        let sealed = signer.seal("ticket", &[7; 100]);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1 << (index % 8);
            assert!(signer.open_sealed("ticket", &changed).is_err());
            assert!(signer.open_sealed("ticket", &sealed[..index]).is_err());
        }
        assert_ne!(signer.sign("ab", b"c"), signer.sign("a", b"bc"));
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        for text in ["", "chatlake-signing-key-1:00", "other"] {
            private_file::write(&path, text).unwrap();
            let error = Signer::open(&path).unwrap_err().to_string();
            assert!(error.contains("expected a signing key"), "{error}");
            assert_eq!(private_file::read(&path).unwrap().as_deref(), Some(text));
        }
    }

    #[test]
    fn servers_that_start_at_once_share_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let signatures: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let start = || scope.spawn(|| Signer::open(&path).unwrap().sign("t", b"x"));
            let started: Vec<_> = (0..8).map(|_| start()).collect();
            started
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(signatures.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
