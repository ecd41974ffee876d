//! Reads data files whole or some of their columns, for storage's own purposes (queries have their own reader).

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use chatlake_schema::Table;
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::data_file::DataFile;
use crate::lake::Lake;
use crate::paths::LakePaths;
use crate::{Error, Result};

/// Bytes asked for at the end of a file in the hope that they hold the whole footer.
const FOOTER_BYTES_HINT: usize = 32 << 10;

/// A data file in an object store, as the Parquet reader wants it.
#[derive(Debug)]
pub(crate) struct StoredFile {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size_bytes: u64,
}

impl AsyncFileReader for StoredFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let read = async move { self.store.get_range(&self.path, range).await };
        read.map(|result| result.map_err(|error| ParquetError::External(Box::new(error))))
            .boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        let read = async move { self.store.get_ranges(&self.path, &ranges).await };
        read.map(|result| result.map_err(|error| ParquetError::External(Box::new(error))))
            .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let size_bytes = self.size_bytes;
        let read = async move {
            let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER_BYTES_HINT));
            reader.load_and_finish(self, size_bytes).await.map(Arc::new)
        };
        read.boxed()
    }
}

/// What opens a data file's footer.
pub(crate) type FileReader = ParquetRecordBatchStreamBuilder<StoredFile>;

/// A file that is not the Parquet file it should be.
pub(crate) fn not_parquet(table: &Table, file: &DataFile, error: impl std::fmt::Display) -> Error {
    Error::Damaged {
        path: file.path_in_lake(&table.name),
        reason: format!("expected a Parquet data file: {error}"),
    }
}

/// Opens a data file and reads its footer.
pub(crate) async fn open_file(lake: &Lake, table: &Table, file: &DataFile) -> Result<FileReader> {
    let path = LakePaths::new(lake.location().root()).below(&file.path_in_lake(&table.name))?;
    let reader = StoredFile {
        store: Arc::clone(lake.location().store()),
        path,
        size_bytes: file.size_bytes,
    };
    ParquetRecordBatchStreamBuilder::new(reader)
        .await
        .map_err(|error| not_parquet(table, file, error))
}

/// All rows of a file, of the columns named (or all that it holds).
pub(crate) async fn read_file(
    lake: &Lake,
    table: &Table,
    file: &DataFile,
    columns: Option<&[String]>,
) -> Result<Vec<RecordBatch>> {
    let builder = open_file(lake, table, file).await?;
    let mask = match columns {
        None => ProjectionMask::all(),
        Some(names) => {
            ProjectionMask::columns(builder.parquet_schema(), names.iter().map(String::as_str))
        }
    };
    let stream = builder
        .with_projection(mask)
        .build()
        .map_err(|error| not_parquet(table, file, error))?;
    stream
        .try_collect()
        .await
        .map_err(|error| not_parquet(table, file, error))
}
