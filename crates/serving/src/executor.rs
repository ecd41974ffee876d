//! The threads that plan, run and encode queries, apart from those that speak to the clients.
//!
//! Guarantees: a busy query never keeps the server from answering; work ends when the future or stream that waits for it
//! is dropped; a panic in it becomes an error of that one call; every piece of running work is counted.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::error::{Error, Result};

/// A thread pool for work that uses the CPU; failures of the work, and of the pool, are `E`s.
pub struct Executor<E> {
    /// `None` once it was stopped.
    runtime: Mutex<Option<Runtime>>,
    running_task_count: watch::Sender<usize>,
    failure: PhantomData<fn() -> E>,
}

impl<E: From<Error> + Send + 'static> Executor<E> {
    /// Starts `thread_count` threads. `running_task_count` is kept up to date with the number of running tasks.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn start(thread_count: usize, running_task_count: watch::Sender<usize>) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(thread_count.max(1))
            .thread_name("chatlake-query")
            .enable_all()
            .build()
            .map_err(Error::Threads)?;
        Ok(Self {
            runtime: Mutex::new(Some(runtime)),
            running_task_count,
            failure: PhantomData,
        })
    }

    /// Runs `work` on the pool and waits for it; dropping the returned future stops the work.
    ///
    /// # Errors
    /// Those of the work; it panicked, or the pool was stopped.
    pub async fn run<T, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let mut tasks = self.spawn(work)?;
        match tasks.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(task_error(error).into()),
            None => Err(Error::Stopping.into()),
        }
    }

    /// Starts `work` on the pool; dropping the returned set stops it.
    ///
    /// # Errors
    /// The pool was stopped.
    pub fn spawn<T, F>(&self, work: F) -> Result<JoinSet<T>, E>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let runtime = self.lock();
        let runtime = runtime.as_ref().ok_or(Error::Stopping)?;
        let running = RunningTask::count_in(self.running_task_count.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn_on(
            async move {
                let _running = running;
                work.await
            },
            runtime.handle(),
        );
        Ok(tasks)
    }
}

impl<E> Executor<E> {
    /// Stops all work, whoever waits for it, and takes no more.
    pub fn stop(&self) {
        if let Some(runtime) = self.lock().take() {
            // waiting for the threads would block, and this may be an async thread
            runtime.shutdown_background();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Runtime>> {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> Drop for Executor<E> {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Why a task has no result.
pub fn task_error(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(payload) => Error::Panicked(panic_text(payload.as_ref())),
        Err(_) => Error::Stopping,
    }
}

/// What a panic said, when it said it in words.
fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

/// Counts a task for as long as it lives.
struct RunningTask(watch::Sender<usize>);

impl RunningTask {
    fn count_in(count: watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for RunningTask {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_of_its_call_only() {
        let executor = Executor::<Error>::start(1, watch::channel(0).0).unwrap();
        let failed: Result<()> = executor.run(async { panic!("went wrong") }).await;
        assert_eq!(
            failed.unwrap_err().to_string(),
            "a task panicked: went wrong"
        );
        assert_eq!(executor.run(async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn work_ends_with_the_one_who_waits_for_it() {
        let (count, mut watched) = watch::channel(0);
        let executor = Executor::<Error>::start(1, count).unwrap();
        let waiting = executor.run(std::future::pending::<Result<()>>());
        let gave_up = tokio::time::timeout(std::time::Duration::ZERO, waiting).await;
        assert!(gave_up.is_err());
        watched.wait_for(|&count| count == 0).await.unwrap();
    }
}
