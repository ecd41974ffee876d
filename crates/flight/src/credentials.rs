//! Reads out of a call's headers and connection who calls.
//!
//! Guarantees: a header that cannot be read is no credentials, never somebody else's; a cookie is looked at only where there
//! is no token.

use chatlake_auth::{Credential, Secret};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Extensions, Response};

use crate::error::{Error, Result};
use crate::gatekeeper::Peer;

/// Where clients show who they are, and look for a token.
const AUTHORIZATION: &str = "authorization";

/// Name of the cookie that holds the session of a client without a token.
pub(crate) const SESSION_COOKIE: &str = "chatlake_session";

/// What the `authorization` header shows.
pub(crate) fn of_headers(headers: &MetadataMap) -> Option<Credential> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    Credential::from_header(header).ok()
}

/// Tells a client the token to send from now on.
pub(crate) fn give_token<T>(response: &mut Response<T>, token: Option<&Secret>) -> Result<()> {
    if let Some(token) = token {
        let header = Secret::new(["Bearer ", token.reveal()].concat());
        let mut header: MetadataValue<Ascii> = header.reveal().parse().map_err(Error::encoding)?;
        header.set_sensitive(true);
        response.metadata_mut().insert(AUTHORIZATION, header);
    }
    Ok(())
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
    fn what_cannot_be_read_is_no_credential() {
        for (header, is_credential) in [
            ("Basic dTpwOnE=", true),
            ("bearer abc", true),
            ("Basic !!", false),
            ("Digest x", false),
            ("Bearer", false),
        ] {
            let found = of_headers(&headers("authorization", header));
            assert_eq!(found.is_some(), is_credential, "{header}");
        }
        assert!(of_headers(&MetadataMap::new()).is_none());
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let found = headers("cookie", "a=b; chatlake_session=x1;c=d");
        assert_eq!(session_cookie(&found), Some("x1"));
        assert_eq!(session_cookie(&headers("cookie", "a=b")), None);
    }
}
