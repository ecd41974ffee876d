//! Users and keys as an administrator sees them.

use std::sync::Arc;

use chatlake_types::Clock;

use super::*;
use crate::authenticator::testing::{NOW, PASSWORD, Place, SECOND, grant};
use crate::{AuthFile, Role};

#[test]
fn what_was_added_is_listed_without_what_proves_it() {
    let place = Place::new();
    place.add_user("zoë", Some(NOW + SECOND));
    place.add_user("ada", None);
    let key = place.add_key("etl", None);
    place.file().rotate("etl", 1_000).unwrap();
    place.file().revoke("ada").unwrap();
    let seen = |entries: Vec<Entry>| -> Vec<(String, &str, usize)> {
        let entries = entries.into_iter();
        entries
            .map(|entry| (entry.name, entry.state.as_str(), entry.live_secret_count))
            .collect()
    };
    let entries = place.file().list().unwrap();
    assert!(!format!("{entries:?}").contains("argon2"));
    assert_eq!(entries[2].id, key.id);
    let expected = |zoë: &'static str, secrets| {
        [
            ("ada".to_owned(), "revoked", 0),
            ("zoë".to_owned(), zoë, 0),
            ("etl".to_owned(), "active", secrets),
        ]
    };
    assert_eq!(seen(entries), expected("active", 2));
    place.clock.forward(SECOND);
    assert_eq!(seen(place.file().list().unwrap()), expected("expired", 1));
}

#[test]
fn a_wrong_change_says_why_and_leaves_the_file_as_it_was() {
    let place = Place::new();
    place.add_user("ada", None);
    place.add_key("etl", None);
    place.add_key("ada", None);
    let text = || std::fs::read_to_string(place.file().path()).unwrap();
    let before = text();
    let file = place.file();
    let user = |name: &str, role, password: &str| NewUser {
        name: name.to_owned(),
        grant: grant(role),
        password: Secret::new(password),
        expires_at_micros: None,
    };
    let nowhere = NewUser {
        grant: Grant {
            accounts: Vec::new(),
            chatbots: None,
            ..grant(Role::Owner)
        },
        ..user("bob", Role::Owner, PASSWORD)
    };
    let failures = [
        file.add_user(&user("ada", Role::Member, PASSWORD))
            .unwrap_err(),
        file.add_user(&user("b:ob", Role::Member, PASSWORD))
            .unwrap_err(),
        file.add_user(&user("bob", Role::Ingest, PASSWORD))
            .unwrap_err(),
        file.add_user(&user("bob", Role::Member, "short"))
            .unwrap_err(),
        file.add_user(&nowhere).unwrap_err(),
        file.set_password("nobody", &Secret::new(PASSWORD))
            .unwrap_err(),
        file.rotate("nobody", 0).unwrap_err(),
        file.revoke("nobody").unwrap_err(),
        file.revoke("ada").unwrap_err(),
    ];
    let sentences = [
        "there is a user `ada` already",
        "expected a user name of 1 to 512 bytes",
        "expected a role of people",
        "expected a password of at least 8 characters",
        "expected an account, or `every_account`, found neither",
        "there is no user or key `nobody`",
        "there is no user or key `nobody`",
        "there is no user or key `nobody`",
        "expected the id of the key",
    ];
    for (failure, sentence) in failures.iter().zip(sentences) {
        assert!(failure.to_string().starts_with(sentence), "{failure}");
    }
    assert_eq!(text(), before);
}

#[test]
fn writers_at_once_lose_nothing() {
    let place = Place::new();
    let path = place.folder.path().join("auth.toml");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (path, clock) = (path.clone(), Arc::clone(&place.clock) as Arc<dyn Clock>);
            scope.spawn(move || {
                // each as a program of its own
                let file = AuthFile::named(path, clock);
                for number in 0..10 {
                    let key = NewKey {
                        name: format!("{writer}-{number}"),
                        grant: grant(Role::Read),
                        expires_at_micros: None,
                    };
                    file.add_key(&key).unwrap();
                }
            });
        }
    });
    assert_eq!(place.file().list().unwrap().len(), 40);
    let names = std::fs::read_dir(place.folder.path()).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["auth.toml", "auth.toml.lock"]);
}

#[test]
fn the_file_holds_no_secret() {
    let place = Place::new();
    place.add_user("ada", None);
    let key = place.add_key("etl", None);
    let text = std::fs::read_to_string(place.file().path()).unwrap();
    let (_, secret) = secret::split_key(key.key.reveal()).unwrap();
    assert!(!text.contains(PASSWORD) && !text.contains(secret), "{text}");
    assert!(text.starts_with("# Who may ask this lake."), "{text}");
}

#[test]
fn a_missing_file_is_named_with_the_command_that_makes_it() {
    let place = Place::new();
    let path = place.folder.path().join("auth.toml");
    let error = AuthFile::open(&path, Arc::clone(&place.clock) as Arc<dyn Clock>).unwrap_err();
    let expected = format!(
        "there is no auth file `{}`; `chatlake auth add-user` makes one",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
}
