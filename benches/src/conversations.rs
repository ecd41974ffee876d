//! Synthetic conversations: 20 chatbots of Zipf sizes over 90 days, as a support centre would have them.
//!
//! Guarantees: the same shape gives the same conversations; they come in the order of their start (within a few minutes);
//! no two messages share an id.
//!
//! The proportions: a conversation has 2–100 messages, 10 on average; 10 % pause for 1–6 days; 18 % are handed to an agent;
//! 4 % begin with a broadcast or the bot; 12 % are guests; 75 % are resolved; 80 % of the user messages are scored.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::corpus::{Corpus, Weights};

/// 2026-01-01T00:00:00Z in µs since 1970-01-01T00:00:00Z.
pub const FIRST_DAY_MICROS: i64 = 1_767_225_600_000_000;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
const MESSAGES_PER_CONVERSATION: u64 = 10;
const MESSAGES_PER_CONVERSATION_MAX: usize = 100;
const AGENT_COUNT: u32 = 50;

/// How much data, and which.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Chatbots; the k-th has the share k^-1.05.
    pub chatbot_count: usize,
    /// Days from 2026-01-01 on.
    pub day_count: u32,
    /// Messages, approximately.
    pub message_count: u64,
    /// Another seed, other data.
    pub seed: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            chatbot_count: 20,
            day_count: 90,
            message_count: 10_000_000,
            seed: 1,
        }
    }
}

/// Who sent a message (specification §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The end customer.
    Customer,
    /// The chatbot.
    Bot,
    /// A person of the support team.
    Agent,
    /// A campaign.
    Broadcast,
    /// The platform.
    System,
}

impl Sender {
    /// `sender_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Bot => "bot",
            Self::Agent => "agent",
            Self::Broadcast => "broadcast",
            Self::System => "system",
        }
    }

    /// `role` of the SDK.
    pub fn role(self) -> &'static str {
        match self {
            Self::Customer => "user",
            Self::System => "system",
            Self::Bot | Self::Agent | Self::Broadcast => "assistant",
        }
    }
}

/// A message of a conversation.
#[derive(Clone, Debug)]
pub struct Message {
    /// 16 hexadecimal digits.
    pub id: String,
    /// µs since 1970-01-01T00:00:00Z, whole milliseconds.
    pub sent_at_micros: i64,
    /// Who sent it.
    pub sender: Sender,
    /// The text.
    pub content: String,
    /// The agent's number, from 1, when an agent sent it.
    pub agent: Option<u32>,
    /// A private note of an agent.
    pub is_private: bool,
    /// Sentiment in thousandths (−1000…1000), when the message was scored.
    pub score_milli: Option<i32>,
}

/// A conversation with its messages in order.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Number of the chatbot, from 1.
    pub chatbot: usize,
    /// Its id.
    pub id: String,
    /// Number of the user within the chatbot; `None` = guest.
    pub user: Option<u64>,
    /// Number of the agent it was handed to, and when, in µs since 1970-01-01T00:00:00Z.
    pub handed_over: Option<(u32, i64)>,
    /// When it was resolved, in µs since 1970-01-01T00:00:00Z.
    pub resolved_at_micros: Option<i64>,
    /// At least two.
    pub messages: Vec<Message>,
}

impl Conversation {
    /// `chatbot_id`.
    pub fn chatbot_id(&self) -> String {
        format!("cb_{:02}", self.chatbot)
    }
}

/// Yields the conversations of a shape.
#[derive(Debug)]
pub struct Conversations {
    shape: Shape,
    corpus: Corpus,
    chatbots: Weights,
    random: StdRng,
    next: u64,
}

impl Conversations {
    /// From the first.
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            corpus: Corpus::new(shape.seed),
            chatbots: Weights::zipf(shape.chatbot_count, 1.05),
            random: StdRng::seed_from_u64(shape.seed),
            next: 0,
        }
    }

    fn conversation_count(&self) -> u64 {
        (self.shape.message_count / MESSAGES_PER_CONVERSATION).max(1)
    }

    fn start_micros(&mut self) -> i64 {
        let span_micros = i64::from(self.shape.day_count) * MICROS_PER_DAY;
        let place =
            (self.next as f64 + self.random.random::<f64>()) / self.conversation_count() as f64;
        let offset_micros = (place * span_micros as f64) as i64;
        let day_micros = offset_micros - offset_micros.rem_euclid(MICROS_PER_DAY);
        let within = offset_micros.rem_euclid(MICROS_PER_DAY);
        // three quarters of a day's traffic come between 12:00 and 23:00
        let shifted = if self.random.random_bool(0.75) {
            MICROS_PER_DAY / 2 + within * 11 / 24
        } else {
            within
        };
        FIRST_DAY_MICROS + day_micros + shifted
    }

    fn message(
        &mut self,
        index: usize,
        sent_at_micros: i64,
        agent: Option<u32>,
        mood: f64,
    ) -> Message {
        let random = &mut self.random;
        let roll: f64 = random.random();
        let sender = match (index, agent) {
            (0, _) if roll < 0.025 => Sender::Broadcast,
            (0, _) if roll < 0.04 => Sender::Bot,
            (even, _) if even % 2 == 0 => Sender::Customer,
            _ if roll < 0.015 => Sender::System,
            (_, Some(_)) => Sender::Agent,
            (_, None) => Sender::Bot,
        };
        let is_scored = sender == Sender::Customer && random.random_bool(0.8);
        let score = (0.15 + 0.55 * mood + random.random_range(-0.6..0.6)).clamp(-1.0, 1.0);
        Message {
            id: format!("{:016x}", random.random::<u64>()),
            sent_at_micros: sent_at_micros - sent_at_micros.rem_euclid(1_000),
            sender,
            content: self.corpus.text(random),
            agent: agent.filter(|_| sender == Sender::Agent),
            is_private: sender == Sender::Agent && random.random_bool(0.09),
            score_milli: is_scored.then_some((score * 1_000.0) as i32),
        }
    }
}

impl Iterator for Conversations {
    type Item = Conversation;

    fn next(&mut self) -> Option<Conversation> {
        if self.next >= self.conversation_count() {
            return None;
        }
        let start_micros = self.start_micros();
        self.next += 1;
        let chatbot = self.chatbots.draw(&mut self.random) + 1;
        let random = &mut self.random;
        let extra = (-8.5 * (1.0 - random.random::<f64>()).ln()) as usize;
        let message_count = (2 + extra).min(MESSAGES_PER_CONVERSATION_MAX);
        let step_seconds: i64 = random.random_range(15..180);
        let handed_at = (message_count >= 4 && random.random_bool(0.18))
            .then(|| random.random_range(1..message_count / 2) * 2);
        let agent = random.random_range(1..=AGENT_COUNT);
        let pause = (message_count >= 6 && random.random_bool(0.1))
            .then(|| (message_count / 2, random.random_range(1..=6)));
        let users = (self.shape.message_count / 60 / chatbot as u64).max(5);
        let user = random
            .random_bool(0.88)
            .then(|| (users as f64 * random.random::<f64>().powf(1.8)) as u64);
        let id = format!("c_{:016x}", random.random::<u64>());
        let is_resolved = random.random_bool(0.75);
        let mood = random.random_range(-1.0..1.0);
        let mut at_micros = start_micros;
        let mut handed_over = None;
        let mut messages = Vec::with_capacity(message_count);
        for index in 0..message_count {
            if let Some((_, days)) = pause.filter(|(at, _)| *at == index) {
                at_micros += days * MICROS_PER_DAY;
            }
            let is_handed = handed_at.is_some_and(|at| index >= at);
            if is_handed && handed_over.is_none() {
                handed_over = Some((agent, at_micros));
            }
            messages.push(self.message(index, at_micros, is_handed.then_some(agent), mood));
            at_micros += step_seconds * MICROS_PER_SECOND * self.random.random_range(5..15) / 10;
        }
        let resolved_at_micros = is_resolved.then_some(at_micros + 600 * MICROS_PER_SECOND);
        Some(Conversation {
            chatbot,
            id,
            user,
            handed_over,
            resolved_at_micros,
            messages,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_shape_gives_about_its_messages_each_time_the_same() {
        let shape = Shape {
            message_count: 50_000,
            ..Shape::default()
        };
        let all: Vec<Conversation> = Conversations::new(shape).collect();
        let ids: Vec<&str> = all
            .iter()
            .flat_map(|each| &each.messages)
            .map(|each| each.id.as_str())
            .collect();
        assert!((45_000..55_000).contains(&ids.len()), "{}", ids.len());
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        let again = Conversations::new(shape)
            .last()
            .map(|each| format!("{each:?}"));
        assert_eq!(again, all.last().map(|each| format!("{each:?}")));
    }

    #[test]
    fn messages_of_a_conversation_go_forward_in_time() {
        for conversation in Conversations::new(Shape {
            message_count: 20_000,
            ..Shape::default()
        }) {
            assert!(conversation.messages.len() >= 2);
            assert!(
                conversation
                    .messages
                    .is_sorted_by_key(|message| message.sent_at_micros)
            );
        }
    }
}
