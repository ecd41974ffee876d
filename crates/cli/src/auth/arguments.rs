//! Roles, accounts and times as they are said on the command line.

use chatlake_auth::{Grant, Role, instant_micros};
use clap::Args;

use crate::quantity::TimeLimit;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 3_600_000;

/// What a user or key may do, and where.
#[derive(Args, Clone, Debug)]
pub struct GrantArguments {
    /// owner, admin, member or agent; a key may also be read or ingest
    #[arg(long, value_name = "ROLE")]
    role: Role,

    /// Account that the role holds in; may be given more than once
    #[arg(
        long = "account",
        value_name = "ID",
        required_unless_present = "every_account"
    )]
    accounts: Vec<String>,

    /// The role holds in every account of the lake, and for chatbots that belong to none
    #[arg(long, conflicts_with_all = ["accounts", "chatbots"])]
    every_account: bool,

    /// Only this chatbot; may be given more than once [default: every chatbot registered to the accounts]
    #[arg(long = "chatbot", value_name = "ID")]
    chatbots: Vec<String>,
}

impl GrantArguments {
    /// As the auth file has it.
    pub fn grant(&self) -> Grant {
        Grant {
            role: self.role,
            accounts: self.accounts.clone(),
            every_account: self.every_account,
            chatbots: (!self.chatbots.is_empty()).then(|| self.chatbots.clone()),
        }
    }
}

/// When a user or key ends.
#[derive(Args, Clone, Copy, Debug)]
pub struct ExpiryArguments {
    /// When it ends: an instant such as 2027-01-01T00:00:00Z, or a time from now such as 90d [default: never]
    #[arg(long, value_name = "WHEN", value_parser = Expiry::parse)]
    expires: Option<Expiry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    /// µs since 1970-01-01T00:00:00Z.
    At(i64),
    /// ms from now.
    In(u64),
}

impl Expiry {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "expected an instant such as `2027-01-01T00:00:00Z` or a time such as `90d` or `12h`, found `{text}`"
            )
        };
        if let Some(micros) = instant_micros(text) {
            return Ok(Self::At(micros));
        }
        match duration_ms(text) {
            Some(0) | None => Err(wrong()),
            Some(ms) => Ok(Self::In(ms)),
        }
    }
}

impl ExpiryArguments {
    /// The end, in µs since 1970-01-01T00:00:00Z.
    pub fn expires_at_micros(self, now_micros: i64) -> Option<i64> {
        self.expires.map(|expiry| match expiry {
            Expiry::At(micros) => micros,
            Expiry::In(ms) => {
                let micros = i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
                now_micros.saturating_add(micros)
            }
        })
    }
}

/// How long a replaced secret works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// In ms; 0 for not at all.
    pub ms: u64,
}

impl Overlap {
    /// Reads `24h`, `7d`, `0`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ms = duration_ms(text).filter(|_| text.trim() != "none");
        ms.map(|ms| Self { ms }).ok_or_else(|| {
            format!("expected a duration such as `24h`, `7d` or `0`, found `{text}`")
        })
    }
}

/// A duration with the units of all settings, or in days: `7d`.
fn duration_ms(text: &str) -> Option<u64> {
    let days = text.trim().strip_suffix('d');
    let days = days.and_then(|days| days.parse::<u64>().ok()?.checked_mul(DAY_MS));
    days.or_else(|| Some(TimeLimit::parse(text).ok()?.limit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_instants_or_times_from_now() {
        let at = Expiry::parse("2026-03-12T16:00:00Z").unwrap();
        assert_eq!(at, Expiry::At(1_773_331_200_000_000));
        assert_eq!(Expiry::parse("90d"), Ok(Expiry::In(90 * DAY_MS)));
        assert_eq!(Expiry::parse("12h"), Ok(Expiry::In(12 * 3_600_000)));
        for text in [
            "",
            "0",
            "0d",
            "none",
            "tomorrow",
            "-5d",
            "2026-03-12",
            "99999999999999d",
        ] {
            assert!(Expiry::parse(text).is_err(), "{text}");
        }
        let expires = Some(Expiry::In(1));
        assert_eq!(
            ExpiryArguments { expires }.expires_at_micros(5),
            Some(1_005)
        );
    }

    #[test]
    fn an_overlap_may_be_nothing() {
        assert_eq!(Overlap::parse("0"), Ok(Overlap { ms: 0 }));
        assert_eq!(Overlap::parse("7d"), Ok(Overlap { ms: 7 * DAY_MS }));
        assert!(Overlap::parse("none").is_err() && Overlap::parse("7").is_err());
    }
}
