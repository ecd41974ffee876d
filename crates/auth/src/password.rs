//! Passwords: Argon2id, as RFC 9106 and OWASP advise (19 MiB, 2 passes, 1 lane), in the PHC text form.
//!
//! Guarantees: every hash has a salt of 128 random bits and says its own cost, so the cost can be raised later; a hash whose
//! cost would exhaust the server is refused when the auth file is read.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params};

use crate::{Error, Result, Secret};

/// Shortest password that is taken, in characters (NIST SP 800-63B).
pub(crate) const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password that is looked at, in bytes.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1_024;
/// Memory that one verification may take, in KiB.
const MEMORY_KIB_MAX: u32 = 256 << 10;
/// Passes that one verification may take.
const PASSES_MAX: u32 = 100;

/// The PHC text of a password.
pub(crate) fn hash(password: &Secret) -> Result<String> {
    let failed = |error: argon2::password_hash::Error| Error::Internal(error.to_string());
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(failed)?;
    let hash = Argon2::default().hash_password(password.reveal().as_bytes(), &salt);
    Ok(hash.map_err(failed)?.to_string())
}

/// Is it the password of the hash? Takes tens of milliseconds of CPU.
pub(crate) fn verify(password: &Secret, hash: &str) -> bool {
    let password = password.reveal().as_bytes();
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

/// Refuses passwords that are too short, too long, or would be taken for an API key.
pub(crate) fn require_password(password: &Secret) -> Result<()> {
    let text = password.reveal();
    let found = if text.chars().count() < PASSWORD_CHARS_MIN {
        "a shorter one"
    } else if text.len() > PASSWORD_BYTES_MAX {
        "a longer one"
    } else if text.starts_with(crate::secret::KEY_PREFIX) {
        "one that begins like an API key"
    } else {
        return Ok(());
    };
    Err(Error::BadValue {
        expected: "a password of at least 8 characters and at most 1024 bytes",
        found: found.to_owned(),
    })
}

/// Refuses what is no Argon2id hash, or costs too much to verify; says why.
pub(crate) fn require_hash(text: &str) -> Result<(), String> {
    let hash = PasswordHash::new(text)
        .map_err(|error| format!("expected the hash of a password: {error}"))?;
    if hash.algorithm != Algorithm::Argon2id.ident() || hash.hash.is_none() {
        return Err("expected the hash of a password by Argon2id".to_owned());
    }
    let cost =
        Params::try_from(&hash).map_err(|error| format!("the cost of a password hash: {error}"))?;
    if cost.m_cost() > MEMORY_KIB_MAX || cost.t_cost() > PASSES_MAX {
        return Err(format!(
            "expected a password hash of at most {MEMORY_KIB_MAX} KiB and {PASSES_MAX} passes, found {} and {}",
            cost.m_cost(),
            cost.t_cost()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_by_its_own_hash() {
        let password = Secret::new("Grüße, 世界 🦀");
        let (one, other) = (hash(&password).unwrap(), hash(&password).unwrap());
        assert_ne!(one, other, "each hash has its own salt");
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        require_hash(&one).unwrap();
        assert!(verify(&password, &one));
        assert!(!verify(&Secret::new("Grüße, 世界 🦞"), &one));
        assert!(!verify(&password, "no hash") && !verify(&password, ""));
    }

    #[test]
    fn passwords_have_a_least_and_a_greatest_length() {
        let (short, long) = ("7 chars", "x".repeat(1_025));
        for text in ["", short, &long, "clk_0123456789"] {
            let error = require_password(&Secret::new(text)).unwrap_err();
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
        require_password(&Secret::new("日本語日本語日本")).unwrap();
    }

    #[test]
    fn a_hash_that_would_exhaust_the_server_is_refused() {
        let salt = "$c29tZXNhbHQ$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
        for (text, expected) in [
            ("secret".to_owned(), "expected the hash of a password"),
            (
                format!("$argon2i$v=19$m=19456,t=2,p=1{salt}"),
                "by Argon2id",
            ),
            (
                format!("$argon2id$v=19$m=4194304,t=2,p=1{salt}"),
                "found 4194304 and 2",
            ),
            (
                format!("$argon2id$v=19$m=19456,t=1000,p=1{salt}"),
                "found 19456 and 1000",
            ),
        ] {
            let reason = require_hash(&text).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
