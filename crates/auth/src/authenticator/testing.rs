//! What the tests of this room share: a clock that moves, a folder with an auth file, an audit log in memory.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use chatlake_types::Clock;
use tempfile::TempDir;

use crate::{
    AuditEvent, AuditSink, AuthFile, AuthSettings, Authenticator, Grant, NewKey, NewUser, Role,
    Secret, ShownKey,
};

/// One second in µs.
pub(crate) const SECOND: i64 = 1_000_000;
/// Where the clock of the tests begins: 2026-03-12T16:00:00Z.
pub(crate) const NOW: i64 = 1_773_331_200 * SECOND;
/// The password of every user of the tests.
pub(crate) const PASSWORD: &str = "correct horse";

/// A clock that is set by hand, in µs since 1970-01-01T00:00:00Z.
#[derive(Debug)]
pub(crate) struct MovingClock(AtomicI64);

impl MovingClock {
    pub(crate) fn at(micros: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(micros)))
    }

    pub(crate) fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }

    pub(crate) fn forward(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for MovingClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An audit log that a test can look at.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<Vec<AuditEvent>>);

impl Remembered {
    pub(crate) fn take(&self) -> Vec<AuditEvent> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl AuditSink for Remembered {
    fn record(&self, event: &AuditEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A folder with an auth file.
pub(crate) struct Place {
    pub(crate) clock: Arc<MovingClock>,
    pub(crate) audit: Arc<Remembered>,
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            clock: MovingClock::at(NOW),
            audit: Arc::default(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The auth file as another program would open it.
    pub(crate) fn file(&self) -> AuthFile {
        let path = self.folder.path().join("auth.toml");
        AuthFile::named(path, Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    pub(crate) fn authenticator(&self, settings: AuthSettings) -> Authenticator {
        let audit = Arc::clone(&self.audit) as Arc<dyn AuditSink>;
        Authenticator::new(self.file(), settings, audit).unwrap()
    }

    pub(crate) fn add_user(&self, name: &str, expires_at_micros: Option<i64>) {
        let user = NewUser {
            name: name.to_owned(),
            grant: grant(Role::Member),
            password: Secret::new(PASSWORD),
            expires_at_micros,
        };
        self.file().add_user(&user).unwrap();
    }

    pub(crate) fn add_key(&self, name: &str, expires_at_micros: Option<i64>) -> ShownKey {
        let key = NewKey {
            name: name.to_owned(),
            grant: grant(Role::Read),
            expires_at_micros,
        };
        self.file().add_key(&key).unwrap()
    }
}

/// A role in `acc_1`, for the chatbot `cb_1`.
pub(crate) fn grant(role: Role) -> Grant {
    Grant {
        role,
        accounts: vec!["acc_1".to_owned()],
        every_account: false,
        chatbots: Some(vec!["cb_1".to_owned()]),
    }
}
