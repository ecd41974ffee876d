//! Ctrl-C and SIGTERM.
//!
//! Guarantees: from [`Interrupts::listen`] on, the signals no longer kill the process by themselves and none is missed:
//! whoever listens decides how to stop.

/// The requests to stop, one after another.
#[derive(Debug)]
pub struct Interrupts {
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Interrupts {
    /// Starts listening at once.
    pub fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind, name| match signal(kind) {
            Ok(signals) => Some(signals),
            Err(error) => {
                tracing::warn!(%error, "cannot listen for {name}");
                None
            }
        };
        Self {
            interrupt: listen(SignalKind::interrupt(), "Ctrl-C"),
            terminate: listen(SignalKind::terminate(), "SIGTERM"),
        }
    }

    /// Resolves when a person presses Ctrl-C or a supervisor sends SIGTERM.
    pub async fn next(&mut self) {
        async fn received(signals: &mut Option<tokio::signal::unix::Signal>) {
            match signals {
                Some(signals) => drop(signals.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = received(&mut self.interrupt) => {}
            () = received(&mut self.terminate) => {}
        }
    }
}

#[cfg(not(unix))]
impl Interrupts {
    /// Starts listening with the first [`Interrupts::next`].
    pub fn listen() -> Self {
        Self {}
    }

    /// Resolves when a person presses Ctrl-C.
    pub async fn next(&mut self) {
        ctrl_c().await;
    }
}

/// Resolves at Ctrl-C, for the prompt, where SIGTERM may end the program as it does by default.
pub async fn ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "cannot listen for Ctrl-C");
        std::future::pending::<()>().await;
    }
}
