//! A lake in memory: rows of stored tables as JSON, the views on top of them, and what scans were asked for.
//!
//! Guarantees: rows get `ingest_seq` in the order in which they are added; text is `Utf8View`, as in the engine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use chatlake_schema::{Table, tables};
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{MemorySchemaProvider, Session};
use datafusion::common::{ParamValues, ScalarValue, TableReference};
use datafusion::datasource::{MemTable, TableProvider, TableType};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use serde_json::{Value, json};

/// Filters that reached each scan: table name and the filters' text.
pub type Scans = Arc<Mutex<Vec<(String, Vec<String>)>>>;

/// Rows to query.
#[derive(Default)]
pub struct Lake {
    rows: BTreeMap<String, Vec<Value>>,
    row_count: i64,
    as_of: Option<String>,
    now: Option<String>,
    pub scans: Scans,
}

impl Lake {
    /// Adds a row of a stored table; `chatbot_id` is `cb` and `account_id` is `acc` unless said otherwise.
    pub fn add(&mut self, table: &str, row: Value) -> &mut Self {
        self.row_count += 1;
        let mut whole = json!({ "ingest_seq": self.row_count });
        let columns = chatlake_schema::table(table).expect("a stored table");
        for (column, value) in [("chatbot_id", "cb"), ("account_id", "acc")] {
            if columns.column(column).is_some() {
                whole[column] = json!(value);
            }
        }
        let rows = self.rows.entry(table.to_owned()).or_default();
        rows.push(with(whole, row));
        self
    }

    /// Adds a message with what follows from its sender (specification §1.1); `fields` go on top.
    pub fn message(
        &mut self,
        conversation: &str,
        message: &str,
        sent_at: &str,
        sender_type: &str,
        fields: Value,
    ) -> &mut Self {
        let is_private = fields
            .get("is_private")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let (role, direction, is_visible) = match sender_type {
            "customer" => ("user", "inbound", true),
            "bot" => ("assistant", "outbound", true),
            "agent" if is_private => ("assistant", "internal", false),
            "agent" => ("assistant", "outbound", true),
            "broadcast" => ("assistant", "outbound", false),
            _ => ("system", "internal", false),
        };
        let row = json!({
            "conversation_id": conversation, "message_id": message, "sent_at": sent_at, "received_at": sent_at,
            "sender_type": sender_type, "role": role, "direction": direction, "is_visible": is_visible,
            "content": message, "is_private": is_private,
        });
        self.add("messages", with(row, fields))
    }

    /// Adds a version of a conversation's metadata.
    pub fn meta(&mut self, conversation: &str, version_at: &str, fields: Value) -> &mut Self {
        let row = json!({ "conversation_id": conversation, "version_at": version_at, "received_at": version_at });
        self.add("conversation_meta", with(row, fields))
    }

    /// Adds a lifecycle event; its id is its number.
    pub fn event(
        &mut self,
        conversation: &str,
        event: &str,
        occurred_at: &str,
        fields: Value,
    ) -> &mut Self {
        let event_id = format!("e{}", self.row_count + 1);
        let row = json!({
            "conversation_id": conversation, "event_id": event_id, "event": event, "occurred_at": occurred_at,
        });
        self.add("conversation_events", with(row, fields))
    }

    /// Sees nothing that happened later, and makes it the present.
    pub fn as_of(&mut self, instant: &str) -> &mut Self {
        (self.as_of, self.now) = (Some(instant.to_owned()), Some(instant.to_owned()));
        self
    }

    /// Makes this the present without a cut.
    pub fn now(&mut self, instant: &str) -> &mut Self {
        self.now = Some(instant.to_owned());
        self
    }

    /// A session with the stored tables and all views.
    pub async fn session(&self) -> SessionContext {
        let mut context = SessionContext::new();
        chatlake_functions::register_all(&mut context).expect("functions can be registered");
        let catalog = context.catalog("datafusion").expect("the default catalog");
        catalog
            .register_schema("stored", Arc::new(MemorySchemaProvider::new()))
            .expect("new schema");
        for table in tables() {
            let provider = self.provider(table).expect("rows fit the table");
            let name = TableReference::partial("stored", table.name.as_str());
            context.register_table(name, provider).expect("new table");
        }
        let mut waiting: Vec<_> = chatlake_analytics::Library::built_in()
            .views()
            .iter()
            .collect();
        while !waiting.is_empty() {
            let (waiting_count, mut unplanned) = (waiting.len(), Vec::new());
            let mut reason = String::new();
            for view in waiting {
                match self.plan(&context, &view.sql).await {
                    Ok(provider) => drop(context.register_table(view.name.as_str(), provider)),
                    Err(error) => {
                        reason = format!("{}: {error}", view.name);
                        unplanned.push(view);
                    }
                }
            }
            assert!(unplanned.len() < waiting_count, "{reason}");
            waiting = unplanned;
        }
        context
    }

    /// The rows of a query, each as `a | b | c`.
    pub async fn query(&self, sql: &str) -> Vec<String> {
        let frame = self
            .session()
            .await
            .sql(sql)
            .await
            .expect("the query can be planned");
        let batches = frame.collect().await.expect("the query runs");
        batches.iter().flat_map(lines).collect()
    }

    async fn plan(&self, context: &SessionContext, sql: &str) -> Result<Arc<dyn TableProvider>> {
        let parameters: Vec<(&str, ScalarValue)> = vec![
            (chatlake_analytics::AS_OF, instant(self.as_of.as_deref())),
            (chatlake_analytics::NOW, instant(self.now.as_deref())),
        ];
        let plan = context.state().create_logical_plan(sql).await?;
        let plan = plan.with_param_values(ParamValues::from(parameters))?;
        Ok(Arc::new(ViewTable::new(plan, Some(sql.to_owned()))))
    }

    fn provider(&self, table: &Table) -> Result<Arc<dyn TableProvider>> {
        let schema = engine_schema(table);
        let mut decoder = ReaderBuilder::new(Arc::clone(&schema))
            .with_strict_mode(true)
            .build_decoder()?;
        let rows: Vec<Value> = self
            .rows
            .get(&table.name)
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let rows: Vec<Value> = rows.into_iter().map(|row| with_day(row, table)).collect();
        decoder.serialize(&rows)?;
        let batch = decoder
            .flush()?
            .unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&schema)));
        let inner = MemTable::try_new(schema, vec![vec![batch]])?;
        Ok(Arc::new(Watched {
            name: table.name.clone(),
            inner,
            scans: Arc::clone(&self.scans),
        }))
    }
}

/// The row with some fields on top.
pub fn with(mut row: Value, fields: Value) -> Value {
    let fields = fields.as_object().expect("fields are an object").clone();
    row.as_object_mut()
        .expect("a row is an object")
        .extend(fields);
    row
}

/// A parameter of views; the far future unless said otherwise.
fn instant(text: Option<&str>) -> ScalarValue {
    let nanos = text.map_or(i64::MAX, |text| {
        string_to_timestamp_nanos(text).expect("an instant")
    });
    ScalarValue::TimestampMicrosecond(Some(nanos / 1_000), Some("UTC".into()))
}

/// The stored table as queries see it: text as views, and the partition day.
fn engine_schema(table: &Table) -> SchemaRef {
    let text = |data_type: &DataType| match data_type {
        DataType::Utf8 => DataType::Utf8View,
        DataType::List(_) => DataType::List(Arc::new(Field::new("item", DataType::Utf8View, true))),
        other => other.clone(),
    };
    let declared = table.arrow_schema();
    let mut fields: Vec<Field> = declared
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), text(field.data_type()), field.is_nullable()))
        .collect();
    if table.is_partitioned() {
        fields.push(Field::new("day", DataType::Date32, false));
    }
    Arc::new(Schema::new(fields))
}

fn with_day(mut row: Value, table: &Table) -> Value {
    if let Some(time) = &table.time_column {
        let day = row[time].as_str().expect("a time as text")[..10].to_owned();
        row["day"] = Value::String(day);
    }
    row
}

fn lines(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default()
        .with_null("NULL")
        .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%SZ"));
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| {
            ArrayFormatter::try_new(column.as_ref(), &options).expect("the type can be shown")
        })
        .collect();
    let line = |row| {
        columns
            .iter()
            .map(|column| column.value(row).to_string())
            .collect::<Vec<_>>()
            .join(" | ")
    };
    (0..batch.num_rows()).map(line).collect()
}

/// A table that writes down which filters reach its scans.
#[derive(Debug)]
struct Watched {
    name: String,
    inner: MemTable,
    scans: Scans,
}

#[async_trait]
impl TableProvider for Watched {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let texts = filters.iter().map(ToString::to_string).collect();
        self.scans
            .lock()
            .expect("nobody panics with it")
            .push((self.name.clone(), texts));
        self.inner.scan(state, projection, &[], limit).await
    }
}
