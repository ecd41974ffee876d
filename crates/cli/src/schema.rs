//! `chatlake schema`: the tables and views of a lake with columns, types, units and documentation.
//!
//! Guarantees: works without a lake (every lake has the same tables); a name that does not exist is an error that lists
//! the names that do.

use std::fmt::Write as _;
use std::io::Write;

use arrow::datatypes::{DataType, Field};
use chatlake::TableInfo;
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::configuration::Configuration;
use crate::database;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::output::Destination;

/// The schema that plain names mean.
const DEFAULT_SCHEMA: &str = "lake";
/// The schema of the raw tables, whose columns `schemas/*.toml` describes.
const STORED_SCHEMA: &str = "stored";

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake schema                     everything
  chatlake schema messages            one view
  chatlake schema stored.messages     the stored table behind it, with every version
  chatlake schema --format json       for programs";

/// How a schema is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// Text for people
    Text,
    /// One JSON object: {"tables": [{"schema", "name", "kind", "doc", "columns": […]}]}
    Json,
}

/// Arguments of `chatlake schema`.
#[derive(Args, Clone, Debug)]
pub struct SchemaArguments {
    /// A table or view, e.g. `messages` or `stored.messages` [default: all]
    table: Option<String>,

    /// What the answer looks like
    #[arg(long, value_enum, default_value_t = SchemaFormat::Text)]
    format: SchemaFormat,
}

/// A table or view, described.
#[derive(Clone, Debug, Serialize)]
pub struct Description {
    schema: String,
    name: String,
    kind: String,
    doc: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merge_rule: Option<String>,
    columns: Vec<ColumnDescription>,
}

#[derive(Clone, Debug, Serialize)]
struct ColumnDescription {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    nullable: bool,
    unit: Option<String>,
    doc: Option<String>,
}

/// Runs `chatlake schema`.
pub async fn run(configuration: &Configuration, arguments: &SchemaArguments) -> Result<ExitStatus> {
    let is_unnamed =
        configuration.lake_is_default && !std::path::Path::new(&configuration.lake).exists();
    let chatlake = if is_unnamed {
        database::open_empty(configuration).await?
    } else {
        database::open_existing(configuration).await?
    };
    let tables = selected(
        chatlake.session().tables().await?,
        arguments.table.as_deref(),
    )?;
    let text = match arguments.format {
        SchemaFormat::Text => described(&tables),
        SchemaFormat::Json => {
            #[derive(Serialize)]
            struct Answer {
                tables: Vec<Description>,
            }
            let answer = Answer { tables };
            let json = serde_json::to_string_pretty(&answer)
                .map_err(|error| Error::Output(error.into()))?;
            format!("{json}\n")
        }
    };
    let mut destination = Destination::stdout();
    destination
        .stream
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    destination.finish()?;
    Ok(ExitStatus::Success)
}

/// The table called `name` (plain names mean the default schema first), or all of them.
pub fn selected(tables: Vec<TableInfo>, name: Option<&str>) -> Result<Vec<Description>> {
    let Some(name) = name else {
        return Ok(tables.iter().map(describe).collect());
    };
    let (schema, plain) = name
        .split_once('.')
        .map_or((None, name), |(schema, plain)| (Some(schema), plain));
    let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
    let mut found: Vec<&TableInfo> = tables
        .iter()
        .filter(|table| {
            same(&table.name, plain) && schema.is_none_or(|schema| same(&table.schema, schema))
        })
        .collect();
    if schema.is_none() && found.iter().any(|table| table.schema == DEFAULT_SCHEMA) {
        found.retain(|table| table.schema == DEFAULT_SCHEMA);
    }
    if found.is_empty() {
        let known = tables
            .iter()
            .map(|table| format!("{}.{}", table.schema, table.name));
        let known = known.collect::<Vec<_>>().join(", ");
        return Err(Error::Usage(format!(
            "expected a table or view of the lake, found `{name}`; there are {known}"
        )));
    }
    Ok(found.into_iter().map(describe).collect())
}

fn describe(table: &TableInfo) -> Description {
    // a view that resolves a stored table has its name, and its columns mean the same
    let definition = match table.schema.as_str() {
        STORED_SCHEMA | DEFAULT_SCHEMA => chatlake_schema::table(&table.name),
        _ => None,
    };
    let stored = definition.filter(|_| table.schema == STORED_SCHEMA);
    let columns = table.arrow_schema.fields().iter().map(|field| {
        let known = definition.and_then(|definition| definition.column(field.name()));
        let column = known.filter(|_| stored.is_some());
        ColumnDescription {
            name: field.name().clone(),
            type_name: column.map_or_else(
                || type_name(field.data_type()),
                |column| column.column_type.to_string(),
            ),
            nullable: column.map_or(field.is_nullable(), |column| column.nullable),
            unit: said(field, "unit").or_else(|| known.and_then(|column| column.unit.clone())),
            doc: said(field, "doc").or_else(|| known.map(|column| column.doc.clone())),
        }
    });
    Description {
        schema: table.schema.clone(),
        name: table.name.clone(),
        kind: table.kind.to_lowercase(),
        doc: table.doc.clone(),
        key: stored.map(|stored| stored.key.clone()).unwrap_or_default(),
        merge_rule: stored.map(|stored| stored.merge.to_string()),
        columns: columns.collect(),
    }
}

/// What the database itself says about a column, in the field's metadata.
fn said(field: &Field, key: &str) -> Option<String> {
    field.metadata().get(key).cloned()
}

/// The words of `schemas/*.toml` for an Arrow type.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        integer if integer.is_integer() => "integer".to_owned(),
        DataType::Float32 | DataType::Float64 => "float".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::List(item) if item.data_type() == &DataType::Utf8 => "text_list".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// One line per table: for the prompt's `\d`.
pub fn listed(tables: &[Description]) -> String {
    let width = tables
        .iter()
        .map(|table| table.schema.len() + table.name.len() + 1)
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for table in tables {
        let name = format!("{}.{}", table.schema, table.name);
        let summary = table.doc.split(". ").next().unwrap_or_default();
        // writing to a String cannot fail
        let _ = writeln!(text, "{name:width$}  {:5}  {summary}", table.kind);
    }
    text
}

/// The tables with all their columns.
pub fn described(tables: &[Description]) -> String {
    let mut text = String::new();
    for (index, table) in tables.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        describe_in_full(&mut text, table);
    }
    text
}

fn describe_in_full(text: &mut String, table: &Description) {
    // writing to a String cannot fail
    let mut write_line = |line: String| {
        let _ = writeln!(text, "{}", line.trim_end());
    };
    write_line(format!("{}.{} ({})", table.schema, table.name, table.kind));
    if !table.doc.is_empty() {
        write_line(format!("  {}", table.doc));
    }
    if let Some(merge_rule) = &table.merge_rule {
        write_line(format!(
            "  key: {}; merge rule: {merge_rule}",
            table.key.join(", ")
        ));
    }
    let name_width = table
        .columns
        .iter()
        .map(|column| column.name.len())
        .max()
        .unwrap_or(0);
    let type_width = table
        .columns
        .iter()
        .map(|column| column.type_name.len())
        .max()
        .unwrap_or(0);
    for column in &table.columns {
        let null = if column.nullable { "" } else { "not null" };
        let unit = column
            .unit
            .as_ref()
            .map(|unit| format!(" [{unit}]"))
            .unwrap_or_default();
        let doc = column.doc.as_deref().unwrap_or_default();
        let (name, kind) = (&column.name, &column.type_name);
        write_line(format!(
            "    {name:name_width$}  {kind:type_width$}  {null:8}  {doc}{unit}"
        ));
    }
}
