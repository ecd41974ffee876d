//! What may end the work on one message early: the client asks to, or its `statement_timeout` is over.

use std::time::Duration;

use futures::channel::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, Result};

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Turn {
    cancelled: oneshot::Receiver<()>,
    deadline: Option<Instant>,
}

impl Turn {
    /// A turn that ends when `cancelled` says so, and after `limit`.
    pub(crate) fn begin(cancelled: oneshot::Receiver<()>, limit: Option<Duration>) -> Self {
        Self {
            cancelled,
            deadline: limit.map(|limit| Instant::now() + limit),
        }
    }

    /// Does some work in it.
    ///
    /// # Errors
    /// Those of the work, or [`Error::Cancelled`].
    pub(crate) async fn run<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let deadline = self.deadline;
        let over = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Ok(()) = &mut self.cancelled => Err(Error::Cancelled("user request")),
            () = over => Err(Error::Cancelled("statement timeout")),
            done = work => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_turn_ends_when_the_client_or_the_clock_says_so() {
        let (cancel, cancelled) = oneshot::channel();
        let mut turn = Turn::begin(cancelled, None);
        assert_eq!(turn.run(ready(Ok(7))).await.unwrap(), 7);
        cancel.send(()).unwrap();
        let ended = turn.run(pending::<Result<()>>()).await;
        assert_eq!(
            ended.unwrap_err().to_string(),
            "canceling statement due to user request"
        );
        let (_cancel, cancelled) = oneshot::channel();
        let mut turn = Turn::begin(cancelled, Some(Duration::ZERO));
        let ended = turn.run(pending::<Result<()>>()).await;
        assert!(ended.unwrap_err().to_string().contains("statement timeout"));
    }
}
