//! The account of a chatbot: what decides days and hours of its pages.
//!
//! Guarantees: an unregistered chatbot or account is no error: its time zone is UTC (domain specification §2.4, §9.7).

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use chatlake_analytics::TENANT_SQL;
use datafusion::common::ParamValues;
use datafusion::common::cast::as_string_array;
use datafusion::error::DataFusionError;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::physical_plan::collect;
use datafusion::scalar::ScalarValue;

use crate::Result;

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tenant {
    /// The account; `None` when the chatbot is not registered.
    pub(super) account_id: Option<String>,
    /// IANA name of the account's time zone.
    pub(super) timezone: Option<String>,
    /// Weekly hours as JSON; `None` means always open.
    pub(super) schedule: Option<String>,
}

impl Tenant {
    /// Looks the chatbot up in the registries that the state's catalog shows.
    pub(super) async fn find(state: &Arc<SessionState>, chatbot_id: &str) -> Result<Self> {
        let plan = state.create_logical_plan(TENANT_SQL).await?;
        let values = [(
            "chatbot_id".to_owned(),
            ScalarValue::from(chatbot_id).into(),
        )];
        let plan = plan.with_param_values(ParamValues::Map(values.into()))?;
        let plan = state.create_physical_plan(&plan).await?;
        let batches = collect(plan, Arc::new(TaskContext::from(state.as_ref()))).await?;
        let Some(row) = batches.iter().find(|batch| batch.num_rows() > 0) else {
            return Ok(Self::default());
        };
        Ok(Self {
            account_id: cell(row, 0)?,
            timezone: cell(row, 1)?,
            schedule: cell(row, 2)?,
        })
    }
}

/// The text in a column of the first row.
fn cell(row: &RecordBatch, column: usize) -> Result<Option<String>> {
    let texts = cast(row.column(column), &DataType::Utf8).map_err(DataFusionError::from)?;
    let texts = as_string_array(&texts)?;
    Ok((!texts.is_null(0)).then(|| texts.value(0).to_owned()))
}
