//! Limits of logins, each with a name and a unit.

use std::thread::available_parallelism;

/// See the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthSettings {
    /// How old the look at the auth file may be when a call of an open session is checked, in ms. A login always looks.
    pub recheck_interval_ms: u64,
    /// Passwords that are verified at the same time; each takes 19 MiB and tens of ms of one core. 0: half of the cores.
    pub password_check_count_max: usize,
    /// Logins by password that may wait for their turn; one more is refused.
    pub password_queue_count_max: usize,
    /// Failed logins in a row that one name may have before it has to wait.
    pub name_failure_count_max: u32,
    /// How long such a name waits for one more try, in ms.
    pub name_failure_interval_ms: u64,
    /// Failed logins in a row that one address (of IPv6 the first 64 bits) may have before it has to wait.
    pub peer_failure_count_max: u32,
    /// How long such an address waits for one more try, in ms.
    pub peer_failure_interval_ms: u64,
    /// Names, and addresses, whose failures are remembered at the same time.
    pub failure_entry_count_max: usize,
    /// Longest credential that is looked at, in bytes.
    pub credential_bytes_max: usize,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            recheck_interval_ms: 1_000,
            password_check_count_max: 0,
            password_queue_count_max: 256,
            name_failure_count_max: 10,
            name_failure_interval_ms: 30_000,
            peer_failure_count_max: 50,
            peer_failure_interval_ms: 2_000,
            failure_entry_count_max: 100_000,
            credential_bytes_max: 16 << 10,
        }
    }
}

impl AuthSettings {
    /// Passwords verified at the same time, with the 0 resolved.
    pub(crate) fn password_checks(&self) -> usize {
        match self.password_check_count_max {
            0 => available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
            count => count,
        }
    }
}
