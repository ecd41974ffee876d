//! Message texts: sentences of everyday support words, frequent words often, as compressible as real ones.
//!
//! Guarantees: the same seed gives the same sentences; a text has 10–300 characters, 150 or so on average.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const WORDS: &str = "the i you to a it is my and we for of can not in on this that have with your please when how account \
after invoice payment order refund agent thanks help error page card today plan team again login password export report \
update still working change cancel subscription email user dashboard price upgrade shipping delivery address customer \
service question charged twice import file webhook integration token key limit timeout slow loading button screen mobile \
phone number verify code expired link reset admin member invite seat billing cycle month year trial enterprise starter pro \
feature request roadmap bug crash browser app version install sync calendar contact list message template campaign \
broadcast inbox channel assistant answer wrong correct great love awful terrible happy disappointed confused waiting hours \
minutes yesterday tomorrow week urgent soon escalate manager human support ticket reference document policy warranty return";

/// Half sentences kept; a message is two of them.
const HALVES_COUNT: usize = 1 << 16;

/// A pool of half sentences.
#[derive(Debug)]
pub struct Corpus {
    halves: Vec<String>,
}

impl Corpus {
    /// The pool of a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ 0x7e47);
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let weights = Weights::zipf(words.len(), 0.8);
        let halves = (0..HALVES_COUNT)
            .map(|_| half_sentence(&mut random, &words, &weights))
            .collect();
        Self { halves }
    }

    /// A message text.
    pub fn text(&self, random: &mut StdRng) -> String {
        let mut half = || &self.halves[random.random_range(0..self.halves.len())];
        let mut text = half().clone();
        text.push(' ');
        text.push_str(half());
        text
    }
}

fn half_sentence(random: &mut StdRng, words: &[&str], weights: &Weights) -> String {
    let length_target: usize = random.random_range(8..145);
    let mut sentence = String::new();
    while sentence.len() < length_target {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        sentence.push_str(words[weights.draw(random)]);
    }
    sentence.push(['.', '.', '.', '?', '!'][random.random_range(0..5)]);
    sentence
}

/// Numbers below a limit, drawn with given frequencies.
#[derive(Debug)]
pub struct Weights {
    cumulative: Vec<f64>,
}

impl Weights {
    /// `count` numbers; the k-th (from 1) has weight k^-exponent.
    pub fn zipf(count: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let cumulative = (1..=count)
            .map(|rank| {
                sum += (rank as f64).powf(-exponent);
                sum
            })
            .collect();
        Self { cumulative }
    }

    /// One number.
    pub fn draw(&self, random: &mut StdRng) -> usize {
        let total = self.cumulative.last().copied().unwrap_or_default();
        let point = random.random::<f64>() * total;
        self.cumulative
            .partition_point(|sum| *sum <= point)
            .min(self.cumulative.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_texts() {
        let texts = |seed| {
            let (corpus, mut random) = (Corpus::new(seed), StdRng::seed_from_u64(7));
            (0..5).map(|_| corpus.text(&mut random)).collect::<Vec<_>>()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
    }

    #[test]
    fn a_zipf_draw_prefers_the_first() {
        let (weights, mut random) = (Weights::zipf(20, 1.05), StdRng::seed_from_u64(1));
        let mut counts = [0_u32; 20];
        (0..20_000).for_each(|_| counts[weights.draw(&mut random)] += 1);
        assert!(counts[0] > 5_000 && counts[0] < 7_500, "{counts:?}");
        assert!(counts[19] > 100, "{counts:?}");
    }
}
