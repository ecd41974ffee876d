//! Tokens that an issuer signed, and those that nobody should take.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chatlake_types::AccessScope;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;
use crate::Role;
use crate::authenticator::testing::{NOW, SECOND};

struct Issuer {
    curve: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
    folder: tempfile::TempDir,
}

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let curve =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let edwards = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let issuer = Self {
            curve: EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                curve.as_ref(),
                &random,
            )
            .unwrap(),
            edwards: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        issuer.write_keys(&json!([issuer.curve_jwk(), issuer.edwards_jwk()]));
        issuer
    }

    fn curve_jwk(&self) -> Value {
        let point = self.curve.public_key().as_ref();
        let (x, y) = (encoded(&point[1..33]), encoded(&point[33..]));
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "curve", "x": x, "y": y})
    }

    fn edwards_jwk(&self) -> Value {
        let x = encoded(self.edwards.public_key().as_ref());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "edwards", "x": x})
    }

    fn write_keys(&self, keys: &Value) {
        let text = json!({"keys": keys}).to_string();
        std::fs::write(self.folder.path().join("jwks.json"), text).unwrap();
    }

    fn settings() -> JwtSettings {
        toml::from_str("issuer = 'https://login'\naudience = 'chatlake'\njwks_file = 'jwks.json'")
            .unwrap()
    }

    fn verifier(&self) -> Result<JwtVerifier> {
        JwtVerifier::open(Self::settings(), self.folder.path())
    }

    /// A token with these claims; `header` says algorithm and key.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = [
            encoded(header.to_string().as_bytes()),
            encoded(claims.to_string().as_bytes()),
        ]
        .join(".");
        let signature = match header["alg"].as_str() {
            Some("ES256") => {
                let signed = self
                    .curve
                    .sign(&SystemRandom::new(), message.as_bytes())
                    .unwrap();
                signed.as_ref().to_vec()
            }
            Some("EdDSA") => self.edwards.sign(message.as_bytes()).as_ref().to_vec(),
            _ => Vec::new(),
        };
        [message, encoded(&signature)].join(".")
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn header() -> Value {
    json!({"alg": "ES256", "kid": "curve", "typ": "JWT"})
}

fn claims() -> Value {
    json!({
        "iss": "https://login", "aud": "chatlake", "sub": "u-17", "name": "Ada", "exp": NOW / SECOND + 60,
        "chatlake_role": "admin", "chatlake_accounts": "acc_1", "chatlake_chatbots": ["cb_1", "cb_2"],
    })
}

fn changed(from: Value, name: &str, value: Value) -> Value {
    let mut changed = from;
    changed[name] = value;
    changed
}

#[test]
fn claims_become_role_and_scope() {
    let issuer = Issuer::new();
    let verifier = issuer.verifier().unwrap();
    for head in [
        header(),
        json!({"alg": "EdDSA", "kid": "edwards"}),
        json!({"alg": "ES256"}),
    ] {
        let found = verifier
            .principal(&issuer.token(&head, &claims()), NOW)
            .unwrap();
        assert_eq!(
            (found.subject().as_str(), found.name.as_str()),
            ("token:u-17", "Ada")
        );
        assert_eq!(found.role, Role::Admin);
        assert!(found.scope.allows_chatbot("cb_2") && !found.scope.allows_chatbot("cb_3"));
        assert_eq!(found.expires_at_micros, Some(NOW + 90 * SECOND));
        assert!(verifier.knows(&found.proof) && !verifier.knows(""));
    }
}

#[test]
fn a_token_that_lacks_anything_is_refused() {
    let issuer = Issuer::new();
    let verifier = issuer.verifier().unwrap();
    let now_s = NOW / SECOND;
    let mut cases: Vec<(String, Value)> = [
        "iss",
        "aud",
        "sub",
        "exp",
        "chatlake_role",
        "chatlake_accounts",
    ]
    .iter()
    .map(|name| {
        let mut less = claims();
        less.as_object_mut().unwrap().remove(*name);
        ((*name).to_owned(), less)
    })
    .collect();
    for (name, value) in [
        ("iss", json!("https://other")),
        ("aud", json!("other")),
        ("aud", json!(["a", "b"])),
        ("aud", json!(7)),
        ("sub", json!("")),
        ("sub", json!("x".repeat(10_000))),
        ("exp", json!(now_s - 31)),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("nbf", json!(now_s + 31)),
        ("nbf", json!("never")),
        ("chatlake_role", json!("king")),
        ("chatlake_role", json!(["admin"])),
        ("chatlake_accounts", json!([])),
        ("chatlake_accounts", json!([7])),
        ("chatlake_accounts", json!({"*": true})),
        ("chatlake_chatbots", json!([])),
        ("chatlake_chatbots", json!(true)),
    ] {
        cases.push((format!("{name} = {value}"), changed(claims(), name, value)));
    }
    for (what, claims) in cases {
        let found = verifier.principal(&issuer.token(&header(), &claims), NOW);
        let error = found.expect_err(&what);
        assert!(error.is_unauthenticated(), "{what}: {error}");
    }
    let early = changed(claims(), "nbf", json!(now_s + 30));
    verifier
        .principal(&issuer.token(&header(), &early), NOW)
        .unwrap();
}

#[test]
fn another_algorithm_key_or_signature_is_refused() {
    let issuer = Issuer::new();
    let verifier = issuer.verifier().unwrap();
    for head in [
        json!({"alg": "none"}),
        json!({"alg": "HS256", "kid": "curve"}),
        json!({"alg": "ES384", "kid": "curve"}),
        json!({"alg": "RS256", "kid": "curve"}),
        json!({"alg": "EdDSA", "kid": "curve"}),
        json!({"alg": "ES256", "kid": "edwards"}),
        json!({"alg": "ES256", "kid": "unknown"}),
    ] {
        let found = verifier.principal(&issuer.token(&head, &claims()), NOW);
        assert!(found.is_err(), "{head}");
    }
    let good = issuer.token(&header(), &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let more = encoded(
        changed(claims(), "chatlake_role", json!("owner"))
            .to_string()
            .as_bytes(),
    );
    let other = Issuer::new().token(&header(), &claims());
    let long = "x".repeat(10_000);
    for token in [
        [parts[0], &more, parts[2]].join("."),
        [parts[0], parts[1], ""].join("."),
        [parts[0], parts[1]].join("."),
        other,
        String::new(),
        "..".to_owned(),
        [long.as_str(), &long, &long].join("."),
    ] {
        assert!(verifier.principal(&token, NOW).is_err(), "{token}");
    }
}

#[test]
fn key_sets_with_secrets_or_without_keys_are_refused() {
    let issuer = Issuer::new();
    for (keys, expected) in [
        (json!([]), "expected a public key, found none"),
        (
            json!([{"kty": "oct", "k": "c2VjcmV0"}]),
            "expected public keys only",
        ),
        (json!("x"), "expected a JSON Web Key Set"),
    ] {
        issuer.write_keys(&keys);
        let error = issuer.verifier().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let symmetric = "issuer = 'a'\naudience = 'b'\njwks_file = 'c'\nalgorithms = ['HS256']";
    let settings: JwtSettings = toml::from_str(symmetric).unwrap();
    assert!(settings.check().unwrap_err().contains("found HS256"));
}

/// A public key and signatures that OpenSSL made: `ring` makes no RSA keys.
const RSA_MODULUS: &str = "uu15Xm68RqYknL9uDsUg8oIF1mo1qiHFtToqaNLoB0m2hqPyykkt1E_A0IPHQgy4gL0DULI4mkPZy_-nnQrtQc9zlKWqNbtiIYsb\
     abavvI9NK-ouKYjJMrQpibeszE6KItHQuGQxI2jfPJXIe5awbmnOsew-f-kM5UvouLLtPBJN9WN7T7SzcTQlwPUuDm2l5SqhEDIL\
     ttH1pl89q5dW0AYgGBjxmxkGVMcF9iOzkfcfFtI39IZ3xhFJ9BgZic3uzSGfZaQOWuEPVDgmZFkthD4SfAkkpFDkYQmTz0PNVpQT\
     nmVK7oUfAV29TybkimWVhy6G346YbA3sshIeJBVdiw";
const RSA_CLAIMS: &str = "eyJpc3MiOiJodHRwczovL2xvZ2luIiwiYXVkIjpbIm90aGVyIiwiY2hhdGxha2UiXSwic3ViIjoidS0xNyIsImV4cCI6MTc3MzMz\
     MTI2MCwiY2hhdGxha2Vfcm9sZSI6Im1lbWJlciIsImNoYXRsYWtlX2FjY291bnRzIjpbImFjY18xIl19";
const RSA_SIGNED: [(&str, &str); 2] = [
    (
        "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9",
        "MlwffMfe_VELgz2ADwCLF-sJvzKeMxcvHJam6YQvZHgvyVMLcg2KSDCHMeTO52HyM5WX7K1DeUEjbdIXYIFHPxgvleEqJmDxgYGV\
     fLI-MPS3NmeqN0ERyeVNy1p0_1ZM8tfDNBCZ3gmxvdtIesQ66k6yMO9UU88jbmUihXhMELgEMJXtbFovpHPPmJH-gKnzw1KQgcFL\
     RPWtsiNKXim_kdnabsGQRGP3J4J32KXiOk_kFvnX0s2rv-u_pUWHz0Mqah_Mf7ixuLml_6y7ARCreV2rUtZJ9KDjhjCahV1y_s9T\
     6TrJow8zw6pQbjDRW1NyDo7ysxYQ2p8X3XDOYsqumw",
    ),
    (
        "eyJhbGciOiJQUzM4NCIsImtpZCI6InJzYSJ9",
        "YiSTnB3IyLvoIxudlLoS3KMQdZGRFKWpgcCeg8GIEtdWxpgg8GiDqTS0K965aPcyVaVmwfkIS6vCnPP7K_2YFVM-LPDTL5sEcgJm\
     QH9PBfxDypts_cINiI0oyoyyDmalgytfnZTF3xmrQ5YVS2d1mFILgE2_YIAMUzOFqzpBCKYm_X_vFdlzjdvjsWwX-go-PPbmx6K2\
     nzWaDosb_Yu7LFs8jyFQ6RBnt4w02HW13GwIeqsDEl2qGEUjuql42G5oAKqCP_8rwAos8uNM4HuTkl4ZtGZs7OrK-EBAQYtCxGBc\
     YQ8Bj9j4ouaWozAgXsyZWBK16lnhRmXRTUrTmIaPKg",
    ),
];

#[test]
fn signatures_by_rsa_are_verified() {
    let issuer = Issuer::new();
    issuer.write_keys(&json!([{"kty": "RSA", "kid": "rsa", "n": RSA_MODULUS, "e": "AQAB"}]));
    let settings = JwtSettings {
        algorithms: vec![Algorithm::RS256, Algorithm::PS384],
        ..Issuer::settings()
    };
    let verifier = JwtVerifier::open(settings, issuer.folder.path()).unwrap();
    for (index, (header, signature)) in RSA_SIGNED.iter().enumerate() {
        let token = [*header, RSA_CLAIMS, *signature].join(".");
        let found = verifier.principal(&token, NOW).unwrap();
        assert_eq!(found.role, Role::Member);
        assert!(matches!(found.scope, AccessScope::Accounts { .. }));
        let other = RSA_SIGNED[1 - index].1;
        let token = [*header, RSA_CLAIMS, other].join(".");
        assert!(verifier.principal(&token, NOW).is_err());
    }
}
