//! A stored table as the query engine reads it: one provider for all of them.
//!
//! A scan goes: (1) the caller's scope and the filters on chatbot and time pick partitions in the file index; (2) file
//! statistics prune what is left; (3) the engine's Parquet source prunes row groups and pages; (4) rows of a file that
//! several tenants share (registries, ledger rows without a chatbot) are filtered by scope.
//! Guarantees: planning touches only files of the chatbots and days asked for; no row outside of the scope is given out,
//! nor counted in statistics.

mod prune;
pub(crate) mod visible_rows;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use chatlake_schema::Table;
use chatlake_storage::{DAY_COLUMN, DataFile, LakeSnapshot};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchemaBuilder;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::entity_table::visible_rows::VisibleRows;

/// How the engine's registry of object stores finds the lake.
pub(crate) const STORE_URL: &str = "chatlake://lake/";

/// A stored table at one commit, as seen by one scope.
pub(crate) struct EntityTable {
    table: &'static Table,
    snapshot: Arc<LakeSnapshot>,
    visible: VisibleRows,
    /// Path of the lake inside of its object store.
    root: Path,
    schema: SchemaRef,
}

impl fmt::Debug for EntityTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntityTable")
            .field("table", &self.table.name)
            .finish_non_exhaustive()
    }
}

/// The engine's type for a stored type: text is read as views, which copies nothing.
fn engine_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 => DataType::Utf8View,
        DataType::List(item) => DataType::List(Arc::new(Field::new(
            item.name(),
            engine_type(item.data_type()),
            item.is_nullable(),
        ))),
        other => other.clone(),
    }
}

/// All columns of the table, and `day` when it is partitioned.
pub(crate) fn engine_schema(table: &Table) -> SchemaRef {
    let stored = table.arrow_schema();
    let mut fields: Vec<Field> = stored
        .fields()
        .iter()
        .map(|field| {
            Field::new(
                field.name(),
                engine_type(field.data_type()),
                field.is_nullable(),
            )
        })
        .collect();
    if table.is_partitioned() {
        fields.push(Field::new(DAY_COLUMN, DataType::Date32, false));
    }
    Arc::new(Schema::new(fields))
}

impl EntityTable {
    pub(crate) fn new(
        table: &'static Table,
        snapshot: Arc<LakeSnapshot>,
        visible: VisibleRows,
        root: Path,
    ) -> Self {
        Self {
            table,
            snapshot,
            visible,
            root,
            schema: engine_schema(table),
        }
    }

    /// Whether the column is in the partition and not in the files.
    fn is_partition_column(&self, name: &str) -> bool {
        self.table.is_partitioned()
            && (name == DAY_COLUMN || Some(name) == self.table.chatbot_column.as_deref())
    }

    fn partition_values(&self, file: &DataFile) -> Vec<ScalarValue> {
        file.partition.as_ref().map_or_else(Vec::new, |partition| {
            let chatbot_id = partition.chatbot_id.as_ref().map(ToString::to_string);
            vec![
                ScalarValue::Utf8View(chatbot_id),
                ScalarValue::Date32(Some(partition.day)),
            ]
        })
    }

    fn partitioned_file(&self, file: &DataFile) -> Result<PartitionedFile> {
        let relative = file.path_in_lake(&self.table.name);
        let full = if self.root.as_ref().is_empty() {
            relative
        } else {
            format!("{}/{relative}", self.root)
        };
        let location = Path::parse(&full)
            .map_err(|error| datafusion::error::DataFusionError::External(Box::new(error)))?;
        let meta = ObjectMeta {
            location,
            last_modified: std::time::UNIX_EPOCH.into(),
            size: file.size_bytes,
            e_tag: None,
            version: None,
        };
        Ok(PartitionedFile::new_from_meta(meta).with_partition_values(self.partition_values(file)))
    }

    /// The scan of some files, before rows are filtered.
    fn file_scan(
        &self,
        state: &dyn Session,
        files: &[Arc<DataFile>],
        projection: Vec<usize>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (in_partition, in_file): (Vec<&FieldRef>, Vec<&FieldRef>) = self
            .schema
            .fields()
            .iter()
            .partition(|field| self.is_partition_column(field.name()));
        let order: Vec<&FieldRef> = in_file.iter().chain(&in_partition).copied().collect();
        let position = |index: usize| {
            order
                .iter()
                .position(|field| field.name() == self.schema.field(index).name())
        };
        let projection: Vec<usize> = projection.into_iter().filter_map(position).collect();
        let file_schema = Arc::new(Schema::new(
            in_file.into_iter().cloned().collect::<Vec<_>>(),
        ));
        let partition_columns: Vec<FieldRef> = in_partition.into_iter().cloned().collect();
        let table_schema = TableSchemaBuilder::from(&file_schema)
            .with_table_partition_cols(partition_columns)
            .build();
        let url = ObjectStoreUrl::parse(STORE_URL)?;
        let store = state.runtime_env().object_store(&url)?;
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let full_schema = Arc::clone(table_schema.table_schema());
        let mut source = ParquetSource::new(table_schema)
            .with_table_parquet_options(state.table_options().parquet.clone())
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(
                store, cache,
            )));
        if let Some(filter) = conjunction(filters.iter().cloned()) {
            let df_schema = DFSchema::try_from(Arc::clone(&full_schema))?;
            source = source.with_predicate(state.create_physical_expr(filter, &df_schema)?);
        }
        let row_count = files.iter().map(|file| file.stats.row_count).sum::<u64>();
        let mut statistics = Statistics::new_unknown(&full_schema);
        statistics.num_rows =
            usize::try_from(row_count).map_or(Precision::Absent, Precision::Exact);
        let group: Vec<PartitionedFile> = files
            .iter()
            .map(|file| self.partitioned_file(file))
            .collect::<Result<_>>()?;
        let groups = FileGroup::new(group).split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(projection))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for EntityTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match prune::is_exact(self.table, filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = projection
            .cloned()
            .unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let Some(stored) = self.snapshot.table(&self.table.name) else {
            return Ok(Arc::new(EmptyExec::new(Arc::new(
                self.schema.project(&wanted)?,
            ))));
        };
        let files = prune::select_files(
            state,
            self.table,
            &self.schema,
            stored,
            &self.visible,
            filters,
        )?;
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(
                self.schema.project(&wanted)?,
            ))));
        }
        let row_filter = self.visible.row_filter(self.table);
        let Some(row_filter) = row_filter else {
            return self.file_scan(state, &files, wanted, filters, limit);
        };
        // columns that only the row filter needs are read too, and dropped after it
        let needed = row_filter.column_refs();
        let mut columns = wanted.clone();
        columns.extend(
            needed
                .iter()
                .filter_map(|column| self.schema.index_of(&column.name).ok())
                .filter(|index| !wanted.contains(index)),
        );
        let scan = self.file_scan(state, &files, columns, filters, None)?;
        let df_schema = DFSchema::try_from(scan.schema())?;
        let predicate = state.create_physical_expr(row_filter, &df_schema)?;
        let kept = (0..wanted.len()).collect();
        Ok(Arc::new(
            FilterExecBuilder::new(predicate, scan)
                .apply_projection(Some(kept))?
                .build()?,
        ))
    }
}

#[cfg(test)]
mod tests;
