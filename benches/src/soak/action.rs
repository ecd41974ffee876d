//! What a visitor may do next, and how often.
//!
//! Guarantees: the list is complete; the weights say how many of `WEIGHT_SUM` actions are of a kind.

use rand::Rng;
use rand::rngs::StdRng;

/// One thing that a visitor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A large answer, read to its end.
    Big,
    /// A query that would run for an hour, stopped by `CancelFlightInfo`.
    Cancel,
    /// The connection is gone while an answer is read; the visitor comes again.
    Disconnect,
    /// A query that would run for an hour, whose stream is dropped.
    Drop,
    /// A query that would run for an hour, stopped by `KILL` in SQL.
    Kill,
    /// A page of the library.
    Page,
    /// A prepared statement, bound and run twice, closed.
    Prepared,
    /// Rows into a scratch table, counted and dropped.
    Scratch,
    /// A session of its own: handshake, `SET`, a query, `CloseSession`, and the token is worth nothing.
    Session,
    /// A large answer, read slowly and left.
    Slow,
    /// A small query.
    Small,
    /// A transaction that is rolled back.
    Transaction,
    /// A statement that is wrong.
    Wrong,
}

/// Every action with its weight, by name.
pub const ACTIONS: [(Action, u32); 13] = [
    (Action::Big, 20),
    (Action::Cancel, 15),
    (Action::Disconnect, 20),
    (Action::Drop, 15),
    (Action::Kill, 10),
    (Action::Page, 60),
    (Action::Prepared, 80),
    (Action::Scratch, 20),
    (Action::Session, 40),
    (Action::Slow, 40),
    (Action::Small, 600),
    (Action::Transaction, 40),
    (Action::Wrong, 40),
];

/// All weights together.
pub const WEIGHT_SUM: u32 = 1_000;

impl Action {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Big => "large answer, to its end",
            Self::Cancel => "CancelFlightInfo",
            Self::Disconnect => "disconnect while reading",
            Self::Drop => "drop the stream",
            Self::Kill => "KILL",
            Self::Page => "page",
            Self::Prepared => "prepared statement",
            Self::Scratch => "ingest into a scratch table",
            Self::Session => "SET and CloseSession",
            Self::Slow => "slow reader that leaves",
            Self::Small => "small query",
            Self::Transaction => "begin and roll back",
            Self::Wrong => "wrong statement",
        }
    }

    /// The next one.
    pub fn draw(random: &mut StdRng) -> Self {
        let mut left = random.random_range(0..WEIGHT_SUM);
        for (action, weight) in ACTIONS {
            if left < weight {
                return action;
            }
            left -= weight;
        }
        Self::Small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_all_there() {
        let sum: u32 = ACTIONS.iter().map(|(_, weight)| weight).sum();
        assert_eq!(sum, WEIGHT_SUM);
        assert!(ACTIONS.is_sorted());
    }
}
