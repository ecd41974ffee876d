//! Talking to a person: notes on stderr, numbers and times as people write them.
//!
//! Guarantees: nothing here fails or panics when stderr is gone; a note is one line.

use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

/// Is a person reading stderr?
pub fn is_watched() -> bool {
    stderr().is_terminal()
}

/// Width of the terminal behind stdout in columns, if there is one.
pub fn width() -> Option<usize> {
    console::Term::stdout()
        .size_checked()
        .map(|(_, columns)| usize::from(columns))
}

/// Writes a line to stderr.
pub fn say(line: &str) {
    // nobody is left to tell when stderr itself is gone
    drop(writeln!(stderr(), "{line}"));
}

/// Writes `error: …` as one line to stderr.
pub fn say_error(error: &dyn std::error::Error) {
    say(&format!("error: {}", one_line(&error.to_string())));
}

/// The text on one line, blanks and control characters folded to single blanks.
pub fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration as people read it: `34 ms`, `1.23 s`, `2 min 5 s`.
pub fn elapsed(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.2} s", duration.as_secs_f64()),
        _ => format!(
            "{} min {} s",
            milliseconds / 60_000,
            milliseconds / 1_000 % 60
        ),
    }
}

/// A number of bytes as people read it: `17 B`, `3.4 MiB`.
pub fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        for (milliseconds, text) in [(34, "34 ms"), (1_234, "1.23 s"), (125_000, "2 min 5 s")] {
            assert_eq!(elapsed(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn an_error_is_one_line() {
        assert_eq!(
            one_line("bad\n  thing\u{1b}[31m \t here"),
            "bad thing [31m here"
        );
    }
}
