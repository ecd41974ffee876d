//! What a door adds to the SQL of its sessions: schemas, functions and types that its clients take for granted.
//!
//! Guarantees: a schema of the lake cannot be hidden; nothing of this is seen by sessions that were not given it.

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::{SchemaProvider, TableFunctionImpl};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::ScalarUDF;
use datafusion::logical_expr::planner::TypePlanner;

use crate::Result;

/// See the module's documentation.
#[derive(Clone, Default)]
pub struct Additions {
    /// Schemas by name, beside those of the lake.
    pub schemas: Vec<(String, Arc<dyn SchemaProvider>)>,
    /// Functions; one takes the place of another of the same name.
    pub functions: Vec<Arc<ScalarUDF>>,
    /// Table functions by name; one takes the place of another of the same name.
    pub table_functions: Vec<(String, Arc<dyn TableFunctionImpl>)>,
    /// What reads names of types that the engine does not know.
    pub type_planner: Option<Arc<dyn TypePlanner>>,
}

impl fmt::Debug for Additions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.schemas.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Additions")
            .field("schemas", &names)
            .finish_non_exhaustive()
    }
}

impl Additions {
    /// The added schema of a name.
    pub(crate) fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let mut schemas = self.schemas.iter();
        let found = schemas.find(|(known, _)| known == name);
        found.map(|(_, schema)| Arc::clone(schema))
    }

    /// Adds the functions to a state.
    pub(crate) fn register(&self, state: &mut SessionState) -> Result<()> {
        for function in &self.functions {
            state.register_udf(Arc::clone(function))?;
        }
        for (name, function) in &self.table_functions {
            state.register_udtf(name, Arc::clone(function));
        }
        Ok(())
    }
}
