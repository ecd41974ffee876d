//! JSON Web Tokens of another party: an issuer whose public keys lie in a file.
//!
//! ```toml
//! [jwt]
//! issuer = "https://login.example.com/"
//! audience = "chatlake"
//! jwks_file = "jwks.json"             # beside the auth file; read again when it changes
//! algorithms = ["RS256", "ES256"]     # the default: RS256, ES256 and EdDSA
//! accounts_claim = "chatlake_accounts"    # text or list of texts
//! chatbots_claim = "chatlake_chatbots"    # the same; a token without it is about every chatbot of its accounts
//! role_claim = "chatlake_role"
//! name_claim = "name"
//! leeway_s = 30
//! ```
//!
//! 1. The header names algorithm and key; only listed asymmetric algorithms and keys of the file are looked at.
//! 2. The signature is verified, then issuer, audience, expiry and not-before by the server's own clock.
//! 3. Claims become role and scope; a claim that is missing or of another form is a refusal, never a wider grant.
//!
//! Guarantees: a symmetric algorithm, `none`, an octet key or a token without expiry is never taken; nothing is fetched from
//! the network.

mod verification;

use std::path::{Path, PathBuf};

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text::{USER_NAME, require_name, shortened};
use crate::{Error, Grant, Principal, PrincipalKind, Result};

/// Algorithms that may be listed: those whose verification needs no secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];
/// Difference of clocks that may be allowed for, in s.
const LEEWAY_S_MAX: u64 = 600;

/// The table `[jwt]` of the auth file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JwtSettings {
    issuer: String,
    audience: String,
    jwks_file: PathBuf,
    #[serde(default = "default_algorithms")]
    algorithms: Vec<Algorithm>,
    #[serde(default = "default_accounts_claim")]
    accounts_claim: String,
    #[serde(default = "default_chatbots_claim")]
    chatbots_claim: String,
    #[serde(default = "default_role_claim")]
    role_claim: String,
    #[serde(default = "default_name_claim")]
    name_claim: String,
    #[serde(default = "default_leeway_s")]
    leeway_s: u64,
}

fn default_algorithms() -> Vec<Algorithm> {
    vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]
}
fn default_accounts_claim() -> String {
    "chatlake_accounts".to_owned()
}
fn default_chatbots_claim() -> String {
    "chatlake_chatbots".to_owned()
}
fn default_role_claim() -> String {
    "chatlake_role".to_owned()
}
fn default_name_claim() -> String {
    "name".to_owned()
}
fn default_leeway_s() -> u64 {
    30
}

impl JwtSettings {
    /// Is everything said, and nothing that would let anybody in?
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err("jwt: expected `issuer` and `audience`, found an empty text".to_owned());
        }
        if let Some(wrong) = self
            .algorithms
            .iter()
            .find(|each| !ALGORITHMS.contains(each))
        {
            return Err(format!(
                "jwt: expected algorithms with public keys (RS, PS, ES, EdDSA), found {wrong:?}"
            ));
        }
        if self.algorithms.is_empty() || self.leeway_s > LEEWAY_S_MAX {
            return Err(format!(
                "jwt: expected an algorithm, and `leeway_s` of at most {LEEWAY_S_MAX}"
            ));
        }
        Ok(())
    }

    /// Where the keys are.
    pub(crate) fn source(&self, folder: &Path) -> PathBuf {
        folder.join(&self.jwks_file)
    }
}

/// See the module's documentation.
pub(crate) struct JwtVerifier {
    settings: JwtSettings,
    keys: Vec<IssuerKey>,
}

struct IssuerKey {
    id: Option<String>,
    /// The only algorithm that it is for, if it says so.
    algorithm: Option<String>,
    key: DecodingKey,
}

impl std::fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("issuer", &self.settings.issuer)
            .finish_non_exhaustive()
    }
}

impl JwtVerifier {
    /// Reads the issuer's keys.
    pub(crate) fn open(settings: JwtSettings, folder: &Path) -> Result<Self> {
        verification::install();
        let path = settings.source(folder);
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let wrong = |reason: String| Error::bad_file(&path, reason);
        let set: JwkSet = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("expected a JSON Web Key Set: {error}")))?;
        let is_for_signatures = |key: &&Jwk| {
            let public_use = key.common.public_key_use.as_ref();
            public_use.is_none_or(|public_use| *public_use == PublicKeyUse::Signature)
        };
        let mut keys = Vec::new();
        for jwk in set.keys.iter().filter(is_for_signatures) {
            if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
                return Err(wrong(
                    "expected public keys only, found an octet key".to_owned(),
                ));
            }
            // other parties' sets may hold keys of kinds that are not known here
            let Ok(key) = DecodingKey::from_jwk(jwk) else {
                continue;
            };
            let algorithm = jwk
                .common
                .key_algorithm
                .map(|algorithm| algorithm.to_string());
            keys.push(IssuerKey {
                id: jwk.common.key_id.clone(),
                algorithm,
                key,
            });
        }
        if keys.is_empty() {
            return Err(wrong("expected a public key, found none".to_owned()));
        }
        Ok(Self { settings, keys })
    }

    /// Is the key still in the file?
    pub(crate) fn knows(&self, proof: &str) -> bool {
        self.keys.iter().any(|key| key.proof() == proof)
    }

    /// Who the token is about.
    pub(crate) fn principal(&self, token: &str, now_micros: i64) -> Result<Principal> {
        let refused = |reason: &str| Error::TokenRefused(reason.to_owned());
        let header = decode_header(token).map_err(|_| refused("expected a JSON Web Token"))?;
        if !self.settings.algorithms.contains(&header.alg) {
            return Err(refused("its algorithm is not allowed here"));
        }
        let key = self
            .key(header.kid.as_deref(), header.alg)
            .ok_or_else(|| refused("no key of the issuer has its `kid`"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // times are judged below, by the server's clock
        validation.validate_exp = false;
        let claims = decode::<Map<String, Value>>(token, &key.key, &validation)
            .map_err(|error| Error::TokenRefused(error.to_string()))?
            .claims;
        let now_s = now_micros.div_euclid(1_000_000);
        let leeway_s = i64::try_from(self.settings.leeway_s).unwrap_or(0);
        let expires_at_s = seconds(&claims, "exp")?.ok_or_else(|| refused("it has no `exp`"))?;
        if expires_at_s.saturating_add(leeway_s) <= now_s {
            return Err(Error::Expired { what: "the token" });
        }
        if seconds(&claims, "nbf")?.is_some_and(|from_s| from_s.saturating_sub(leeway_s) > now_s) {
            return Err(refused("it is not valid yet"));
        }
        let mut principal = self.named(&claims)?;
        let expires_at_s = expires_at_s.saturating_add(leeway_s);
        principal.expires_at_micros = Some(expires_at_s.saturating_mul(1_000_000));
        principal.proof = key.proof();
        Ok(principal)
    }

    /// Name, role and scope that the claims say.
    fn named(&self, claims: &Map<String, Value>) -> Result<Principal> {
        let settings = &self.settings;
        let refused = |error: Error| Error::TokenRefused(error.to_string());
        let subject = text(claims, "sub")?.unwrap_or_default();
        require_name(USER_NAME, &subject.replace(':', "_")).map_err(refused)?;
        let name = claims.get(&settings.name_claim).and_then(Value::as_str);
        let role = text(claims, &settings.role_claim)?;
        let role = role.ok_or_else(|| missing(&settings.role_claim))?;
        let accounts = texts(claims, &settings.accounts_claim)?;
        let grant = Grant {
            role: role.parse().map_err(refused)?,
            accounts: accounts.ok_or_else(|| missing(&settings.accounts_claim))?,
            every_account: false,
            chatbots: texts(claims, &settings.chatbots_claim)?,
        };
        grant.check().map_err(refused)?;
        let name = shortened(name.unwrap_or(&subject));
        Ok(Principal::new(
            PrincipalKind::Token,
            &subject,
            &name,
            &grant,
        ))
    }

    /// The key with an id; without an id the only one that fits.
    fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&IssuerKey> {
        let algorithm_name = format!("{algorithm:?}");
        let fits = |key: &&IssuerKey| {
            let named = key.algorithm.as_ref();
            key.key.family() == algorithm.family()
                && named.is_none_or(|named| *named == algorithm_name)
        };
        let mut fitting = self.keys.iter().filter(fits);
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

impl IssuerKey {
    /// What tells it from other keys of the issuer.
    fn proof(&self) -> String {
        let key = match self.key.kind() {
            jsonwebtoken::DecodingKeyKind::SecretOrDer(bytes) => bytes,
            jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } => n,
        };
        crate::secret::hex(key)
    }
}

fn missing(claim: &str) -> Error {
    Error::TokenRefused(format!("expected the claim `{claim}`, found none"))
}

fn wrong(claim: &str, expected: &str) -> Error {
    Error::TokenRefused(format!("expected the claim `{claim}` to be {expected}"))
}

/// A claim that is seconds since 1970.
fn seconds(claims: &Map<String, Value>, claim: &str) -> Result<Option<i64>> {
    let whole = |value: f64| (value.abs() < 1e15).then_some(value.floor() as i64);
    match claims.get(claim) {
        None => Ok(None),
        Some(value) => {
            let seconds = value.as_i64().or_else(|| value.as_f64().and_then(whole));
            seconds.map(Some).ok_or_else(|| wrong(claim, "a number"))
        }
    }
}

/// A claim that is a text.
fn text(claims: &Map<String, Value>, claim: &str) -> Result<Option<String>> {
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(claim, "a text")),
    }
}

/// A claim that is a text or a list of them.
fn texts(claims: &Map<String, Value>, claim: &str) -> Result<Option<Vec<String>>> {
    let Some(Value::Array(values)) = claims.get(claim) else {
        return Ok(text(claims, claim)?.map(|text| vec![text]));
    };
    let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
    let texts: Option<Vec<String>> = texts.collect();
    texts.map(Some).ok_or_else(|| wrong(claim, "texts"))
}

#[cfg(test)]
pub(crate) mod tests;
