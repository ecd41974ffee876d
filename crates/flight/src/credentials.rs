//! Reads out of a call's headers and connection who calls.
//!
//! Guarantees: a header that cannot be read is no credentials, never somebody else's; a cookie is looked at only where there
//! is no token.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tonic::Extensions;
use tonic::metadata::MetadataMap;

use crate::gatekeeper::{Credentials, Peer};

/// Name of the cookie that holds the session of a client without a token.
pub(crate) const SESSION_COOKIE: &str = "chatlake_session";

/// What the `authorization` header shows.
pub(crate) fn of_headers(headers: &MetadataMap) -> Credentials {
    let header = headers.get("authorization");
    let header = header.and_then(|header| header.to_str().ok());
    let Some((scheme, value)) = header.and_then(|header| header.trim().split_once(' ')) else {
        return Credentials::None;
    };
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Credentials::Bearer(value.to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic")
        && let Ok(decoded) = BASE64_STANDARD.decode(value)
        && let Ok(text) = String::from_utf8(decoded)
        && let Some((user, password)) = text.split_once(':')
    {
        return Credentials::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
    }
    Credentials::None
}

/// The session that a cookie of ours names.
pub(crate) fn session_cookie(headers: &MetadataMap) -> Option<&str> {
    let cookies = headers.get_all("cookie").iter();
    let cookies = cookies.filter_map(|header| header.to_str().ok());
    let mut cookies = cookies.flat_map(|header| header.split(';'));
    cookies.find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == SESSION_COOKIE).then_some(value)
    })
}

/// Where a call comes from.
pub(crate) fn peer(extensions: &Extensions) -> Peer {
    extensions.get::<Peer>().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> MetadataMap {
        let mut headers = MetadataMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn basic_and_bearer_are_read_and_nothing_else() {
        let basic = Credentials::Basic {
            user: "u".to_owned(),
            password: "p:q".to_owned(),
        };
        for (header, expected) in [
            ("Basic dTpwOnE=", basic),
            ("bearer abc", Credentials::Bearer("abc".to_owned())),
            ("Basic !!", Credentials::None),
            ("Basic dQ==", Credentials::None),
            ("Digest x", Credentials::None),
            ("Bearer", Credentials::None),
        ] {
            let found = of_headers(&headers("authorization", header));
            assert!(found == expected, "{header}");
        }
        assert!(of_headers(&MetadataMap::new()) == Credentials::None);
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let found = headers("cookie", "a=b; chatlake_session=x1;c=d");
        assert_eq!(session_cookie(&found), Some("x1"));
        assert_eq!(session_cookie(&headers("cookie", "a=b")), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!(
            "{:?}",
            of_headers(&headers("authorization", "Basic dTpwOnE="))
        );
        assert_eq!(shown, "Basic(\"u\")");
    }
}
