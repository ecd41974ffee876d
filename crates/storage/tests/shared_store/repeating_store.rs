//! Stores that treat a put which must not overwrite as some do.
//!
//! A client whose first try was answered by "internal error" sends it again; when the first one was stored all the same, the
//! second one is told that the object exists. `object_store` does so. Other stores never look at the condition.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct RepeatingStore {
    inner: Arc<dyn ObjectStore>,
    is_overwriting: bool,
}

impl RepeatingStore {
    /// Sends every put that must not overwrite twice and tells what the second one was told.
    pub fn repeating(inner: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        let is_overwriting = false;
        Arc::new(Self {
            inner,
            is_overwriting,
        })
    }

    /// Overwrites whatever it is told.
    pub fn overwriting(inner: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        let is_overwriting = true;
        Arc::new(Self {
            inner,
            is_overwriting,
        })
    }
}

impl fmt::Display for RepeatingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RepeatingStore")
    }
}

#[async_trait]
impl ObjectStore for RepeatingStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        if !matches!(options.mode, PutMode::Create) {
            return self.inner.put_opts(location, payload, options).await;
        }
        if self.is_overwriting {
            let overwrite = PutOptions::default();
            return self.inner.put_opts(location, payload, overwrite).await;
        }
        let first = self
            .inner
            .put_opts(location, payload.clone(), options.clone());
        first.await?;
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}
