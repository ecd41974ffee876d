//! A client that comes, does one thing after another with pauses in between, and goes.
//!
//! Guarantees: an action that takes longer than `ACTION_WITHIN` is a finding; after a finding the visitor comes anew, so that
//! one broken connection is not counted for ever; half of the visitors close their session at the end, the others just go.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{sleep, timeout};

use super::action::Action;
use super::failure::Failure;
use super::tally::{Tally, lock};
use crate::flight::client::{close_session, shake_hands};
use crate::flight::door::{Client, Door, Ending};
use crate::flight::program::Member;

/// How long one action may take; with the longest pause shorter than the time after which the server ends an idle session.
pub const ACTION_WITHIN: Duration = Duration::from_secs(45);

/// What visitors visit.
pub struct Site {
    /// The way in.
    pub door: Door,
    /// Who they may be; visitors take turns.
    pub members: Vec<Member>,
    /// Calls of pages, in SQL.
    pub pages: Vec<String>,
    /// A statement that sets a variable.
    pub narrow: String,
    /// Pause between two actions, on average.
    pub pause: Duration,
    /// Another seed, other actions.
    pub seed: u64,
}

/// See the module's documentation.
pub struct Visitor {
    pub(super) site: Arc<Site>,
    pub(super) client: Client,
    pub(super) random: StdRng,
    number: usize,
    mark_count: u64,
}

impl Visitor {
    /// Comes in: visitors with even numbers by password, the others by key.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn arrive(site: &Arc<Site>, number: usize) -> Result<Self, Failure> {
        let seed = site.seed.wrapping_mul(1_000_003) ^ number as u64;
        Ok(Self {
            client: enter(site, number).await?,
            site: Arc::clone(site),
            random: StdRng::seed_from_u64(seed),
            number,
            mark_count: 0,
        })
    }

    /// Who it is.
    pub(super) fn member(&self) -> &Member {
        member(&self.site, self.number)
    }

    /// Comes in again, on a new connection.
    pub(super) async fn come_again(&mut self) -> Result<(), Failure> {
        self.client = enter(&self.site, self.number).await?;
        Ok(())
    }

    /// A name that nobody else uses: of a column, or of a table.
    pub(super) fn mark(&mut self) -> String {
        self.mark_count += 1;
        format!("soak{}x{}", self.number, self.mark_count)
    }

    /// Waits for a while.
    pub(super) async fn wait(&mut self, shortest_ms: u64, longest_ms: u64) {
        let wait_ms = self.random.random_range(shortest_ms..=longest_ms);
        sleep(Duration::from_millis(wait_ms)).await;
    }
}

fn member(site: &Site, number: usize) -> &Member {
    // by twos, so that each is there by password and by key
    &site.members[number / 2 % site.members.len()]
}

/// A client that may ask.
async fn enter(site: &Site, number: usize) -> Result<Client, Failure> {
    let ending = match number % 4 {
        0 | 1 => Ending::Polite,
        _ => Ending::Abrupt,
    };
    let mut client = site.door.connect(ending).await?;
    let member = member(site, number);
    match number % 2 {
        0 => shake_hands(&mut client, &member.password_header).await?,
        _ => client.set_token(member.key.clone()),
    }
    Ok(client)
}

/// Visits until it is time to go.
pub async fn visit(site: Arc<Site>, number: usize, until: Instant, tally: Arc<Mutex<Tally>>) {
    let mut visitor = match Visitor::arrive(&site, number).await {
        Ok(visitor) => visitor,
        Err(failure) => return lock(&tally).find("arrive", failure.name(), &failure.to_string()),
    };
    let pause_ms = u64::try_from(site.pause.as_millis()).unwrap_or(u64::MAX / 2);
    loop {
        visitor.wait(0, pause_ms * 2).await;
        if Instant::now() >= until {
            break;
        }
        let action = Action::draw(&mut visitor.random);
        let started = Instant::now();
        let outcome = match timeout(ACTION_WITHIN, visitor.act(action)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Wrong(format!(
                "it did not end within {} s",
                ACTION_WITHIN.as_secs()
            ))),
        };
        lock(&tally).push(action, started.elapsed(), &outcome);
        if outcome.is_err_and(|failure| !failure.is_limit())
            && let Err(failure) = visitor.come_again().await
        {
            return lock(&tally).find("come again", failure.name(), &failure.to_string());
        }
    }
    if number.is_multiple_of(2)
        && let Err(failure) = close_session(&mut visitor.client)
            .await
            .map_err(Failure::from)
    {
        lock(&tally).find("close", failure.name(), &failure.to_string());
    }
}
