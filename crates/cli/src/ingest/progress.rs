//! The progress bar of a load.
//!
//! Guarantees: shown only when stderr is a terminal; never written to stdout; nothing of it stays when the load is over.

use std::sync::Arc;

use chatlake::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Input;

/// How a load of known size looks.
const SIZED: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {prefix} {eta}";
/// How a load from a pipe looks.
const UNSIZED: &str = "{spinner} {msg} {bytes} {prefix} {elapsed}";
/// Redraws per second at the most.
const REDRAWS_PER_SECOND_MAX: u8 = 10;

/// What [`chatlake::IngestOptions`] calls with the progress of a load.
pub type Callback = Arc<dyn Fn(Progress) + Send + Sync>;

/// A progress bar for one input.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// Shows an empty bar for `input`, if a person is watching.
    pub fn start(input: &Input) -> Self {
        let size = input.size_bytes();
        let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND_MAX);
        let bar = ProgressBar::with_draw_target(size, target).with_message(input.name().to_owned());
        if let Ok(style) =
            ProgressStyle::with_template(if size.is_some() { SIZED } else { UNSIZED })
        {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// What the load calls now and then.
    pub fn callback(&self) -> Callback {
        let bar = self.bar.clone();
        Arc::new(move |progress| {
            bar.set_prefix(format!(
                "{} records",
                crate::terminal::grouped(progress.record_count)
            ));
            bar.set_position(progress.input_bytes);
        })
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
