//! Logins, and what ends them.

use std::sync::Arc;

use chatlake_types::{AccessScope, Permission};

use super::testing::{NOW, PASSWORD, Place, SECOND, grant};
use crate::{
    AuditAction, AuthSettings, Authenticator, Credential, Error, Outcome, Principal, PrincipalKind,
    Result, Role, Secret,
};

async fn by_password(to: &Authenticator, name: &str, password: &str) -> Result<Arc<Principal>> {
    to.login(Credential::password(name, password), None).await
}

async fn by_key(to: &Authenticator, key: &Secret) -> Result<Arc<Principal>> {
    to.login(Credential::Bearer(key.clone()), None).await
}

fn word(found: &Result<Arc<Principal>>) -> &'static str {
    found.as_ref().map_or_else(Error::as_word, |_| "in")
}

#[tokio::test]
async fn users_of_every_script_log_in_and_nobody_else_does() {
    let place = Place::new();
    for name in ["ada", "Zoë Müller", "山田 太郎"] {
        place.add_user(name, None);
    }
    let to = place.authenticator(AuthSettings::default());
    for name in ["ada", "Zoë Müller", "山田 太郎"] {
        let found = by_password(&to, name, PASSWORD).await.unwrap();
        assert_eq!((found.kind, found.id.as_str()), (PrincipalKind::User, name));
        assert_eq!(found.subject(), format!("user:{name}"));
        assert!(found.require(Permission::EntityPages).is_ok());
        assert!(found.require(Permission::RawViews).is_err());
        assert_eq!(found.access().scope, grant(Role::Member).scope());
        to.check(&found).unwrap();
    }
    let long = "x".repeat(10_000);
    for (name, password) in [
        ("ada", "wrong horse!"),
        ("ada", ""),
        ("Ada", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
        ("Zoe\u{308} Müller", PASSWORD),
        (&long, PASSWORD),
        ("ada", &long),
    ] {
        let error = by_password(&to, name, password).await.unwrap_err();
        assert!(matches!(error, Error::BadCredential), "{error}");
        assert_eq!(error.to_string(), "wrong name, password or key");
    }
}

#[tokio::test]
async fn keys_open_what_they_are_bound_to() {
    let place = Place::new();
    let shown = place.add_key("dashboards", None);
    let to = place.authenticator(AuthSettings::default());
    let found = by_key(&to, &shown.key).await.unwrap();
    assert_eq!(
        (found.kind, found.id.as_str()),
        (PrincipalKind::Key, shown.id.as_str())
    );
    assert!(
        matches!(&found.scope, AccessScope::Tenants { chatbots, .. } if chatbots.contains("cb_1"))
    );
    // tools that only know user and password
    let as_password = by_password(&to, "whoever", shown.key.reveal())
        .await
        .unwrap();
    assert_eq!(as_password, found);
    let other = crate::secret::new_key(&shown.id);
    let unknown = crate::secret::new_key("0123456789abcdef");
    let (long, cut) = (shown.key.reveal().repeat(200), &shown.key.reveal()[..60]);
    for key in [
        other.reveal(),
        unknown.reveal(),
        &long,
        cut,
        "",
        "clk_",
        "a.b.c",
    ] {
        let error = by_key(&to, &Secret::new(key)).await.unwrap_err();
        assert!(error.is_unauthenticated(), "{key}: {error}");
    }
}

#[tokio::test]
async fn time_and_revocation_end_logins_and_open_sessions() {
    let place = Place::new();
    place.add_user("brief", Some(NOW + 60 * SECOND));
    place.add_user("ada", None);
    let key = place.add_key("dashboards", Some(NOW + 60 * SECOND));
    let to = place.authenticator(AuthSettings::default());
    let (brief, ada) = (
        by_password(&to, "brief", PASSWORD).await.unwrap(),
        by_password(&to, "ada", PASSWORD).await.unwrap(),
    );
    let by = by_key(&to, &key.key).await.unwrap();
    place.clock.forward(60 * SECOND);
    assert_eq!(word(&by_password(&to, "brief", PASSWORD).await), "expired");
    assert_eq!(word(&by_key(&to, &key.key).await), "expired");
    // who cannot prove to be it learns nothing of that
    assert_eq!(
        word(&by_password(&to, "brief", "wrong horse").await),
        "bad_credential"
    );
    assert!(matches!(to.check(&brief), Err(Error::SessionEnded)));
    assert!(matches!(to.check(&by), Err(Error::SessionEnded)));
    to.check(&ada).unwrap();
    // another program takes `ada` back; this one sees it after the interval at the latest, and at the next login at once
    place.file().revoke("ada").unwrap();
    place.clock.forward(SECOND);
    assert!(matches!(
        to.check(&ada),
        Err(Error::Revoked { what: "the user" })
    ));
    assert_eq!(word(&by_password(&to, "ada", PASSWORD).await), "revoked");
    assert_eq!(
        word(&by_password(&to, "ada", "wrong horse").await),
        "bad_credential"
    );
}

#[tokio::test]
async fn a_rotated_key_has_two_secrets_for_a_while() {
    let place = Place::new();
    let first = place.add_key("etl", None);
    let to = place.authenticator(AuthSettings::default());
    let session = by_key(&to, &first.key).await.unwrap();
    let second = place.file().rotate("etl", 10_000).unwrap();
    assert_eq!(first.id, second.id);
    for shown in [&first, &second] {
        assert_eq!(word(&by_key(&to, &shown.key).await), "in");
    }
    place.clock.forward(5 * SECOND);
    to.check(&session).unwrap();
    place.clock.forward(5 * SECOND);
    assert_eq!(word(&by_key(&to, &first.key).await), "expired");
    assert_eq!(word(&by_key(&to, &second.key).await), "in");
    assert!(to.check(&session).is_err());
    // a third secret takes the place of the first, and no overlap ends the second at once
    let third = place.file().rotate(&second.id, 0).unwrap();
    let words = [
        word(&by_key(&to, &first.key).await),
        word(&by_key(&to, &second.key).await),
        word(&by_key(&to, &third.key).await),
    ];
    assert_eq!(words, ["bad_credential", "expired", "in"]);
    place.file().revoke("etl").unwrap();
    assert_eq!(word(&by_key(&to, &third.key).await), "revoked");
    assert!(matches!(
        place.file().rotate("etl", 0),
        Err(Error::Revoked { .. })
    ));
}

#[tokio::test]
async fn another_password_or_role_ends_open_sessions() {
    let place = Place::new();
    place.add_user("ada", None);
    let to = place.authenticator(AuthSettings::default());
    let before = by_password(&to, "ada", PASSWORD).await.unwrap();
    place
        .file()
        .set_password("ada", &Secret::new("battery staple"))
        .unwrap();
    assert_eq!(
        word(&by_password(&to, "ada", PASSWORD).await),
        "bad_credential"
    );
    assert!(matches!(to.check(&before), Err(Error::Changed)));
    let after = by_password(&to, "ada", "battery staple").await.unwrap();
    to.check(&after).unwrap();
    let path = place.folder.path().join("auth.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"member\"", "\"admin\"")).unwrap();
    place.clock.forward(SECOND);
    assert!(matches!(to.check(&after), Err(Error::Changed)));
    let admin = by_password(&to, "ada", "battery staple").await.unwrap();
    assert_eq!(admin.role, Role::Admin);
}

#[tokio::test]
async fn a_damaged_file_lets_nobody_in_until_it_is_mended() {
    let place = Place::new();
    place.add_user("ada", None);
    let key = place.add_key("etl", None);
    let to = place.authenticator(AuthSettings::default());
    let session = by_key(&to, &key.key).await.unwrap();
    let path = place.folder.path().join("auth.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    for damage in ["[[user", "", "version = 9", "\u{0}\u{1}"] {
        std::fs::write(&path, damage).unwrap();
        place.clock.forward(SECOND);
        assert!(
            matches!(to.check(&session), Err(Error::Closed)),
            "{damage:?}"
        );
        let error = by_password(&to, "ada", PASSWORD).await.unwrap_err();
        assert!(matches!(error, Error::Closed), "{damage:?}: {error}");
        let sentence = place.file().list().unwrap_err().to_string();
        assert!(
            sentence.contains("auth.toml") && !sentence.contains('\n'),
            "{sentence}"
        );
    }
    std::fs::remove_file(&path).unwrap();
    place.clock.forward(SECOND);
    assert!(matches!(to.check(&session), Err(Error::Closed)));
    crate::private_file::write(&path, &text).unwrap();
    place.clock.forward(SECOND);
    to.check(&session).unwrap();
    assert_eq!(word(&by_password(&to, "ada", PASSWORD).await), "in");
}

#[tokio::test]
async fn failures_make_names_and_addresses_wait_but_not_good_keys() {
    let place = Place::new();
    place.add_user("ada", None);
    place.add_user("bob", None);
    let key = place.add_key("etl", None);
    let to = place.authenticator(AuthSettings {
        name_failure_count_max: 2,
        peer_failure_count_max: 4,
        ..AuthSettings::default()
    });
    let peer = Some("192.0.2.7".parse().unwrap());
    let login = async |name: &str, password: &str| {
        word(&to.login(Credential::password(name, password), peer).await)
    };
    assert_eq!(login("ada", "wrong horse").await, "bad_credential");
    assert_eq!(login("ada", "wrong horse").await, "bad_credential");
    assert_eq!(login("ada", PASSWORD).await, "too_many_failures");
    assert_eq!(login("bob", PASSWORD).await, "in");
    for guess in 0..2 {
        let guess = crate::secret::new_key(&format!("000000000000000{guess}"));
        let found = to.login(Credential::Bearer(guess), peer).await;
        assert_eq!(word(&found), "bad_credential");
    }
    assert_eq!(login("bob", PASSWORD).await, "too_many_failures");
    assert_eq!(
        word(&to.login(Credential::Bearer(key.key.clone()), peer).await),
        "in"
    );
    let elsewhere = to.login(Credential::password("bob", PASSWORD), None).await;
    assert_eq!(word(&elsewhere), "in");
    place.clock.forward(30 * SECOND);
    assert_eq!(login("ada", PASSWORD).await, "in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_beyond_the_queue_are_refused_and_the_others_are_answered() {
    let place = Place::new();
    place.add_user("ada", None);
    let to = Arc::new(place.authenticator(AuthSettings {
        password_check_count_max: 1,
        password_queue_count_max: 3,
        ..AuthSettings::default()
    }));
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let to = Arc::clone(&to);
        logins.spawn(async move { word(&by_password(&to, "ada", PASSWORD).await) });
    }
    let words = logins.join_all().await;
    let count = |wanted| words.iter().filter(|word| **word == wanted).count();
    assert_eq!(count("in") + count("overloaded"), 20, "{words:?}");
    assert!(count("in") >= 4 && count("overloaded") > 0, "{words:?}");
    assert_eq!(word(&by_password(&to, "ada", PASSWORD).await), "in");
}

#[tokio::test]
async fn logins_are_written_down_without_secrets_or_names_of_nobody() {
    let place = Place::new();
    place.add_user("ada", None);
    let to = place.authenticator(AuthSettings::default());
    // a password where the name belongs
    let _ = by_password(&to, PASSWORD, "x").await;
    let _ = by_password(&to, "ada", "hunter2hunter2").await;
    let _ = by_password(&to, "ada", PASSWORD).await;
    let events = place.audit.take();
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.action,
                event.outcome,
                event.principal.as_deref(),
                event.reason.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                AuditAction::Login,
                Outcome::Refused,
                None,
                Some("bad_credential")
            ),
            (
                AuditAction::Login,
                Outcome::Refused,
                Some("ada"),
                Some("bad_credential")
            ),
            (AuditAction::Login, Outcome::Done, Some("ada"), None),
        ]
    );
    let text = format!("{events:?}");
    assert!(
        !text.contains(PASSWORD) && !text.contains("hunter2"),
        "{text}"
    );
}
