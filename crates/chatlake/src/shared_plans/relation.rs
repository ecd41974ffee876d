//! A relation that a query reads several times, worked out once.
//!
//! Guarantees: its plan is optimized once, by itself: a reader's filters and columns do not reach into it, so it should give only the
//! columns that are read.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use datafusion::common::{DFSchemaRef, internal_err};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use super::{next_group, share};

/// A relation with the rows of `plan`; every copy of it in one query reads the same rows.
pub(crate) fn relation(state: &SessionState, plan: &LogicalPlan) -> Result<LogicalPlan> {
    let node = Arc::new(SharedRelation {
        group: next_group(),
        rows: share(&state.optimize(plan)?)?,
    });
    Ok(LogicalPlan::Extension(Extension { node }))
}

/// See [`relation`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SharedRelation {
    group: u64,
    rows: LogicalPlan,
}

impl SharedRelation {
    /// Copies of one number are one relation.
    pub(super) fn group(&self) -> u64 {
        self.group
    }

    /// The optimized plan of its rows.
    pub(super) fn rows(&self) -> &LogicalPlan {
        &self.rows
    }
}

impl PartialOrd for SharedRelation {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.group, &self.rows).partial_cmp(&(other.group, &other.rows))
    }
}

impl UserDefinedLogicalNodeCore for SharedRelation {
    fn name(&self) -> &'static str {
        "SharedRelation"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        self.rows.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedRelation")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match inputs.len() {
            0 => Ok(self.clone()),
            found => internal_err!("expected no input, found {found}"),
        }
    }
}
