//! What a client sends to prove who it is, as it stands in an `authorization` header.
//!
//! Guarantees: nothing here is a secret's way into a log: `Debug` shows none.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::{Error, Result, Secret};

/// Standard base64; clients differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A proof that somebody is who they say.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A name and a password. An API key may stand for the password, for tools that know nothing else; the name does not
    /// matter then.
    Password {
        /// The name.
        name: String,
        /// The password or API key.
        password: Secret,
    },
    /// An API key or a JSON Web Token.
    Bearer(Secret),
}

impl Credential {
    /// Reads the value of an `authorization` header: `Basic …` or `Bearer …`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is neither.
    pub fn from_header(value: &str) -> Result<Self> {
        let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value, ""));
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return match rest {
                "" => Err(Error::Malformed("expected a token after `Bearer`")),
                token => Ok(Self::Bearer(Secret::new(token))),
            };
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Error::Malformed("expected `Basic` or `Bearer`"));
        }
        let bytes = BASE64
            .decode(rest)
            .map_err(|_| Error::Malformed("expected base64 after `Basic`"))?;
        let text =
            String::from_utf8(bytes).map_err(|_| Error::Malformed("expected UTF-8 in `Basic`"))?;
        let text = Secret::new(text);
        let (name, password) = text
            .reveal()
            .split_once(':')
            .ok_or(Error::Malformed("expected `name:password` in `Basic`"))?;
        Ok(Self::password(name, password))
    }

    /// A name and a password.
    pub fn password(name: &str, password: &str) -> Self {
        Self::Password {
            name: name.to_owned(),
            password: Secret::new(password),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &[u8]) -> String {
        ["Basic ", &BASE64.encode(text)].concat()
    }

    #[test]
    fn basic_and_bearer_are_read() {
        let Credential::Password { name, password } =
            Credential::from_header(&basic("Zoë:a:b c".as_bytes())).unwrap()
        else {
            panic!("expected a password");
        };
        assert_eq!((name.as_str(), password.reveal()), ("Zoë", "a:b c"));
        let unpadded = basic(b"a:b").trim_end_matches('=').to_owned();
        assert!(Credential::from_header(&unpadded).is_ok());
        let bearer = Credential::from_header("bearer  x.y.z ").unwrap();
        assert!(matches!(&bearer, Credential::Bearer(token) if token.reveal() == "x.y.z"));
        assert!(!format!("{bearer:?}").contains("x.y.z"));
    }

    #[test]
    fn what_is_neither_says_what_was_expected() {
        let (no_colon, not_utf8) = (basic(b"name"), basic(b"\xff:x"));
        for value in [
            "",
            "Basic",
            "Basic ###",
            "Bearer",
            "Bearer  ",
            "Digest x",
            "x",
            &no_colon,
            &not_utf8,
        ] {
            let error = Credential::from_header(value).unwrap_err();
            assert!(matches!(error, Error::Malformed(_)) && error.is_unauthenticated());
        }
    }

    #[test]
    fn random_bytes_never_panic() {
        for _ in 0..2_000 {
            let length = rand::random_range(0..200);
            let bytes: Vec<u8> = (0..length).map(|_| rand::random()).collect();
            let text = String::from_utf8_lossy(&bytes);
            // only that it returns
            let _ = Credential::from_header(&text);
            let _ = Credential::from_header(&basic(&bytes));
        }
        let long = basic(&[b'x'; 10_000]);
        assert!(Credential::from_header(&long).is_err());
    }
}
