//! The tables and views of a session as tools list them: with columns, documentation and keys.
//!
//! Guarantees: a primary key is unique and has no NULL; references are what the rows mean, they are not enforced, so the
//! row that one leads to may be missing (a chatbot that was never registered).

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use chatlake_analytics::{Library, View};
use chatlake_schema::{MergeRule, Table};
use chatlake_types::Permission;

use crate::bi_types::readable_schema;
use crate::catalog::{
    BI_SCHEMA, CATALOG, DEFAULT_SCHEMA, ForeignKey, SCRATCH_SCHEMA, STORED_SCHEMA, SYSTEM_SCHEMA,
    TableInfo, system,
};
use crate::entity_table::engine_schema;
use crate::permissions::require_queries;
use crate::session::{Environment, Session};
use crate::{Error, Result};

/// Column that tells the versions of one key apart in stored tables.
const VERSION_COLUMN: &str = "ingest_seq";

impl Session {
    /// Every table and view that the session may read, by schema and name.
    ///
    /// # Errors
    /// When a view cannot be planned.
    pub async fn tables(&self) -> Result<Vec<TableInfo>> {
        require_queries(self.permissions)?;
        let environment = self.begin().await?;
        let library = self.database.library();
        let mut list = Vec::new();
        if self.permissions.allow(Permission::RawViews) {
            list.extend(views(&environment, BI_SCHEMA, library.bi()).await?);
            list.extend(views(&environment, DEFAULT_SCHEMA, library.views()).await?);
            let stored = chatlake_schema::tables().iter();
            list.extend(stored.map(|table| stored_table(library, table)));
        }
        let readable = system::TABLES.iter();
        let readable = readable.filter(|table| self.permissions.allow(table.permission()));
        let system = readable.map(|table| TableInfo {
            schema: SYSTEM_SCHEMA.to_owned(),
            name: table.name().to_owned(),
            kind: "TABLE",
            doc: table.doc().to_owned(),
            arrow_schema: readable_schema(&table.schema()),
            primary_key: Vec::new(),
            foreign_keys: Vec::new(),
        });
        list.extend(system);
        let scratch = environment.scope.scratch.iter();
        list.extend(scratch.map(|(name, table)| TableInfo {
            schema: SCRATCH_SCHEMA.to_owned(),
            name: name.clone(),
            kind: "TABLE",
            doc: "a scratch table of this session".to_owned(),
            arrow_schema: table.schema(),
            primary_key: Vec::new(),
            foreign_keys: Vec::new(),
        }));
        list.sort_by(|left, right| (&left.schema, &left.name).cmp(&(&right.schema, &right.name)));
        Ok(list)
    }
}

/// The views of one schema.
async fn views(environment: &Environment, schema: &str, views: &[View]) -> Result<Vec<TableInfo>> {
    let catalog = environment.state.catalog_list().catalog(CATALOG);
    let provider = catalog.as_ref().and_then(|catalog| catalog.schema(schema));
    let provider =
        provider.ok_or_else(|| Error::Internal("the catalog has no views".to_owned()))?;
    let mut list = Vec::with_capacity(views.len());
    for view in views {
        let planned = provider.table(&view.name).await?;
        let planned =
            planned.ok_or_else(|| Error::Internal(format!("view `{}` is not there", view.name)))?;
        list.push(TableInfo {
            schema: schema.to_owned(),
            name: view.name.clone(),
            kind: "VIEW",
            doc: view.doc.clone(),
            arrow_schema: documented(&readable_schema(&planned.schema()), |name| {
                let mut columns = view.columns.iter();
                let column = columns.find(|column| column.name == name);
                column.map(|column| column.doc.clone())
            }),
            primary_key: view.key.clone(),
            foreign_keys: foreign_keys(view, schema, views),
        });
    }
    Ok(list)
}

/// What a view of `schema` refers to among `views`.
fn foreign_keys(view: &View, schema: &str, views: &[View]) -> Vec<ForeignKey> {
    let key = |reference: &chatlake_analytics::Reference| {
        let target = views.iter().find(|other| other.name == reference.view)?;
        // a folder of one's own may have put a view without this key in the place of the built-in one
        (target.key.len() == reference.columns.len()).then(|| ForeignKey {
            columns: reference.columns.clone(),
            schema: schema.to_owned(),
            table: target.name.clone(),
            key: target.key.clone(),
        })
    };
    view.references.iter().filter_map(key).collect()
}

fn stored_table(library: &Library, table: &Table) -> TableInfo {
    let mut primary_key = table.key.clone();
    if table.merge != MergeRule::FirstWriteWins {
        // every version is stored
        primary_key.push(VERSION_COLUMN.to_owned());
    }
    primary_key.retain(|name| table.column(name).is_some_and(|column| !column.nullable));
    // the view of the same name says what the rows belong to
    let view = library.view(&table.name);
    let mut foreign_keys = view.map_or_else(Vec::new, |view| {
        foreign_keys(view, DEFAULT_SCHEMA, library.views())
    });
    foreign_keys.retain(|key| key.columns.iter().all(|name| table.column(name).is_some()));
    TableInfo {
        schema: STORED_SCHEMA.to_owned(),
        name: table.name.clone(),
        kind: "TABLE",
        doc: table.doc.clone(),
        arrow_schema: documented(&readable_schema(&engine_schema(table)), |name| {
            table.column(name).map(|column| column.doc.clone())
        }),
        primary_key,
        foreign_keys,
    }
}

/// The schema with each column's documentation as its metadata `doc`.
fn documented(schema: &Schema, doc: impl Fn(&str) -> Option<String>) -> SchemaRef {
    let field = |field: &FieldRef| {
        let doc = doc(field.name()).map(|doc| ("doc".to_owned(), doc));
        Field::clone(field).with_metadata(doc.into_iter().collect())
    };
    Arc::new(Schema::new(
        schema.fields().iter().map(field).collect::<Vec<_>>(),
    ))
}
