//! An object store in memory that fails at the operation it is told to.
//!
//! Guarantees: operations are counted in the order in which they begin; without a planned failure it is a plain store.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    RenameOptions, Result,
};

const STORE: &str = "FailingStore";

/// In which way an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It has no effect; the next one works again.
    Before,
    /// It takes effect, but the caller is told that it failed: an answer that got lost.
    After,
    /// It and all later ones have no effect: the process or the network died.
    FromThenOn,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct FailingStore {
    inner: Arc<InMemory>,
    failure: Failure,
    failing_operation: u64,
    operation_count: AtomicU64,
}

/// What an operation has to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Work,
    Refuse,
    WorkAndRefuse,
}

fn refused() -> Error {
    Error::Generic {
        store: STORE,
        source: "this operation was made to fail".into(),
    }
}

impl FailingStore {
    /// A view of `inner` whose operation number `failing_operation` (from 1) fails.
    pub fn new(inner: Arc<InMemory>, failure: Failure, failing_operation: u64) -> Arc<Self> {
        Arc::new(Self {
            inner,
            failure,
            failing_operation,
            operation_count: AtomicU64::new(0),
        })
    }

    /// How many operations were begun.
    pub fn operation_count(&self) -> u64 {
        self.operation_count.load(Ordering::SeqCst)
    }

    fn verdict(&self) -> Verdict {
        let number = self.operation_count.fetch_add(1, Ordering::SeqCst) + 1;
        match self.failure {
            Failure::Before if number == self.failing_operation => Verdict::Refuse,
            Failure::After if number == self.failing_operation => Verdict::WorkAndRefuse,
            Failure::FromThenOn if number >= self.failing_operation => Verdict::Refuse,
            _ => Verdict::Work,
        }
    }

    async fn run<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        match self.verdict() {
            Verdict::Work => operation.await,
            Verdict::Refuse => Err(refused()),
            Verdict::WorkAndRefuse => {
                operation.await?;
                Err(refused())
            }
        }
    }

    fn run_listing<T: Send + 'static>(
        &self,
        listing: BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        if self.verdict() == Verdict::Work {
            listing
        } else {
            stream::once(async { Err(refused()) }).boxed()
        }
    }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

#[async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.run(self.inner.put_opts(location, payload, options))
            .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.run(self.inner.put_multipart_opts(location, options))
            .await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.run(self.inner.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.run(self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let verdict = self.verdict();
        let inner = Arc::clone(&self.inner);
        let deleted = locations.and_then(move |location| {
            let inner = Arc::clone(&inner);
            async move {
                if verdict != Verdict::Refuse {
                    inner.delete(&location).await?;
                }
                if verdict == Verdict::Work {
                    Ok(location)
                } else {
                    Err(refused())
                }
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.run_listing(self.inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.run_listing(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.run(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.run(self.inner.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.run(self.inner.rename_opts(from, to, options)).await
    }
}
