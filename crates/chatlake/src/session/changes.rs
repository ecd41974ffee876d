//! Statements that change something: the scratch tables of the session, or queries of others (`KILL`).
//!
//! Guarantees: planning changes nothing, [`Change::apply`] does it once and whole; nothing but scratch tables is written.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::TableReference;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{CreateMemoryTable, DdlStatement, LogicalPlan, WriteOp};
use futures::TryStreamExt;

use crate::audit::{AuditedAction, AuditedOutcome};
use crate::bi_types::readable_schema;
use crate::catalog::{CATALOG, QueryScope, SCRATCH_SCHEMA};
use crate::queries::QueryOrigin;
use crate::query::Query;
use crate::scratch::{self, IfAbsent, IfExists, Scratch, ScratchTable};
use crate::{Error, Result};

/// What a statement would change.
pub(crate) struct Change {
    scope: QueryScope,
    scratch: Arc<Scratch>,
    kind: Kind,
}

enum Kind {
    /// `CREATE TABLE name (…)`, `CREATE TABLE name AS SELECT …`.
    Create {
        name: String,
        if_exists: IfExists,
        /// `IF NOT EXISTS`: a table that is there stays, and nothing is computed.
        keeps_existing: bool,
        /// The columns, when no query gives them.
        schema: SchemaRef,
        query: Option<Box<Query>>,
    },
    /// `INSERT INTO name …`.
    Insert { name: String, query: Box<Query> },
    /// `DROP TABLE name`.
    Drop { name: String, may_be_absent: bool },
    /// `KILL 'id'`.
    Kill { id: String, origin: QueryOrigin },
}

/// The form of a change in a plan: what it is about, and the query that gives its rows.
pub(super) struct PlannedChange<'a> {
    plan: &'a LogicalPlan,
    name: String,
}

impl<'a> PlannedChange<'a> {
    /// The change that a plan is, when it is one of a scratch table.
    pub(super) fn of(plan: &'a LogicalPlan, scope: &QueryScope) -> Result<Option<Self>> {
        let name = match plan {
            LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => {
                refuse_rules(create)?;
                &create.name
            }
            LogicalPlan::Ddl(DdlStatement::DropTable(drop)) => &drop.name,
            LogicalPlan::Dml(change) if matches!(change.op, WriteOp::Insert(InsertOp::Append)) => {
                &change.table_name
            }
            _ => return Ok(None),
        };
        Ok(scratch_name(name, scope).map(|name| Self { plan, name }))
    }

    /// The query whose rows are written.
    pub(super) fn input(&self) -> Option<&LogicalPlan> {
        match self.plan {
            LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => {
                // a list of columns is planned as an empty relation of them
                let is_query = !matches!(create.input.as_ref(), LogicalPlan::EmptyRelation(_));
                is_query.then_some(create.input.as_ref())
            }
            LogicalPlan::Dml(change) => Some(change.input.as_ref()),
            _ => None,
        }
    }

    /// The change, with the query of [`PlannedChange::input`].
    pub(super) fn ready(
        self,
        scope: QueryScope,
        scratch: Arc<Scratch>,
        query: Option<Query>,
    ) -> Result<Change> {
        let name = self.name;
        let query = query.map(Box::new);
        let kind = match (self.plan, query) {
            (LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)), query) => Kind::Create {
                name,
                if_exists: match create.or_replace {
                    true => IfExists::Replace,
                    false => IfExists::Fail,
                },
                keeps_existing: create.if_not_exists,
                schema: readable_schema(create.input.schema().as_arrow()),
                query,
            },
            (LogicalPlan::Ddl(DdlStatement::DropTable(drop)), _) => Kind::Drop {
                name,
                may_be_absent: drop.if_exists,
            },
            (_, Some(query)) => Kind::Insert { name, query },
            (other, None) => {
                let text = format!("no change: {}", other.display());
                return Err(Error::Internal(text));
            }
        };
        Ok(Change {
            scope,
            scratch,
            kind,
        })
    }
}

/// Defaults and constraints would have to be kept; scratch tables keep rows only.
fn refuse_rules(create: &CreateMemoryTable) -> Result<()> {
    if create.constraints.iter().next().is_some() || !create.column_defaults.is_empty() {
        return Err(Error::Unsupported(
            "a scratch table has columns only: constraints and defaults are not supported"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The name of the scratch table that `name` means; `None` when it means a relation of the lake.
fn scratch_name(name: &TableReference, scope: &QueryScope) -> Option<String> {
    let current = scope.current_schema.as_ref();
    let schema = name.schema().unwrap_or(current);
    let is_ours = name.catalog().is_none_or(|catalog| catalog == CATALOG);
    let is_free = schema == SCRATCH_SCHEMA
        || (schema == current && !scope.has_relation(current, name.table()));
    (is_ours && is_free).then(|| name.table().to_owned())
}

impl Change {
    /// `KILL 'id'`.
    pub(super) fn kill(
        scope: QueryScope,
        scratch: Arc<Scratch>,
        id: String,
        origin: QueryOrigin,
    ) -> Self {
        let action = AuditedAction::Kill;
        let origin = QueryOrigin { action, ..origin };
        Self {
            scope,
            scratch,
            kind: Kind::Kill { id, origin },
        }
    }

    /// Names the queries that it runs.
    pub(crate) fn labelled(mut self, label: &str) -> Self {
        self.kind = match self.kind {
            Kind::Create {
                name,
                if_exists,
                keeps_existing,
                schema,
                query,
            } => Kind::Create {
                name,
                if_exists,
                keeps_existing,
                schema,
                query: query.map(|query| Box::new(query.labelled(label))),
            },
            Kind::Insert { name, query } => Kind::Insert {
                name,
                query: Box::new(query.labelled(label)),
            },
            other => other,
        };
        self
    }

    /// Does it; the number of rows that were inserted.
    ///
    /// # Errors
    /// When a table is there or not there, when the rows cannot be computed, or when they are too many.
    pub(crate) async fn apply(self) -> Result<u64> {
        let scratch = self.scratch;
        match self.kind {
            Kind::Kill { id, origin } => {
                let scope = self.scope;
                match scope.queries.kill(&id, |origin| scope.may_see(origin)) {
                    true => {
                        scope.queries.record(&origin, AuditedOutcome::Done, 0);
                        Ok(0)
                    }
                    false => Err(Error::NotFound(format!("no query `{id}` is running"))),
                }
            }
            Kind::Drop {
                name,
                may_be_absent,
            } => match scratch.drop_table(&name) || may_be_absent {
                true => Ok(0),
                false => Err(scratch::absent(&name)),
            },
            Kind::Create {
                name,
                if_exists,
                keeps_existing,
                schema,
                query,
            } => {
                // what is there is told before anything is computed
                match scratch.tables().contains_key(&name) {
                    true if keeps_existing => return Ok(0),
                    true if if_exists == IfExists::Fail => return Err(scratch::exists(&name)),
                    _ => {}
                }
                let rows = gather(&scratch, query).await?;
                let table = ScratchTable::new(schema, rows);
                scratch.put(&name, table, if_exists, IfAbsent::Create)?;
                Ok(0)
            }
            Kind::Insert { name, query } => {
                let schema = query.schema();
                let rows = gather(&scratch, Some(query)).await?;
                let row_count = rows.row_count() as u64;
                let table = ScratchTable::new(schema, rows);
                scratch.put(&name, table, IfExists::Append, IfAbsent::Fail)?;
                Ok(row_count)
            }
        }
    }
}

/// The rows of a query, none without one.
async fn gather(scratch: &Scratch, query: Option<Box<Query>>) -> Result<scratch::Rows> {
    let mut rows = scratch.rows();
    if let Some(query) = query {
        // boxed: a query that changes something runs this
        let mut batches = Box::pin(query.stream()).await?;
        while let Some(batch) = batches.try_next().await? {
            rows.push(compact(batch)?)?;
        }
    }
    Ok(rows.finish())
}

/// A slice of a large buffer would keep all of it.
fn compact(batch: RecordBatch) -> Result<RecordBatch> {
    let indices = arrow::array::UInt32Array::from_iter_values(0..batch.num_rows() as u32);
    match batch.get_array_memory_size() > 2 * arrow_bytes(&batch) {
        true => arrow::compute::take_record_batch(&batch, &indices)
            .map_err(|error| Error::Internal(error.to_string())),
        false => Ok(batch),
    }
}

/// Bytes of the rows themselves.
fn arrow_bytes(batch: &RecordBatch) -> usize {
    let bytes = |column: &arrow::array::ArrayRef| {
        let slice = column.to_data().get_slice_memory_size();
        slice.unwrap_or_else(|_| column.get_array_memory_size())
    };
    batch.columns().iter().map(bytes).sum()
}
