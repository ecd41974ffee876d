//! Chatlake, embedded: an analytics database for chatbot conversations in your own process.
//!
//! [`Chatlake::open`] a lake, [`Chatlake::ingest`] conversations, ask them in SQL through a [`Session`].
//! Guarantees: a query sees one commit of the lake, whole, the newest when it began; nobody reads rows outside of the
//! session's [`AccessScope`], nor asks what its [`Permissions`] do not allow; memory and time are bounded by [`Settings`].

mod additions;
mod audit;
mod bi_types;
mod catalog;
mod cooperative_joins;
mod database;
mod engine_states;
mod entity_table;
mod error;
mod export;
mod interrupt;
mod local_day_bounds;
mod pages;
mod permissions;
mod planner;
mod queries;
mod query;
mod registered_chatbots;
mod scratch;
mod session;
mod settings;
mod shared_plans;
mod snapshots;
mod unnest_keys;
mod workflows;

pub use chatlake_ingest::{
    Cancellation, Format, IngestOptions, IngestReport, OnError, Progress, Source,
};
pub use chatlake_storage::{Damage, LakeCheck as CheckReport, TableCheck};
pub use chatlake_types::{
    Access, AccessScope, Clock, ErrorCode, FixedClock, Permission, Permissions, SystemClock,
};

pub use crate::additions::Additions;
pub use crate::audit::{AuditRow, AuditTrail, AuditedAction, AuditedOutcome, AuditedStatement};
pub use crate::catalog::{CATALOG, DEFAULT_SCHEMA, ForeignKey, TableInfo};
pub use crate::database::{Chatlake, OpenOptions, local_folder};
pub use crate::error::{Error, Result};
pub use crate::export::{
    CsvEncoder, CsvOptions, Export, ExportFile, ExportFormat, ExportRequest, ExportStream,
    FileEncoder, LineEnd, NdjsonEncoder, ParquetEncoder,
};
pub use crate::interrupt::Reader;
pub use crate::query::{Prepared, Query};
pub use crate::scratch::{IfAbsent, IfExists};
pub use crate::session::{IngestTarget, Savepoint, Session};
pub use crate::settings::Settings;
pub use crate::workflows::{
    ActionFailure, ActionHost, RefusedWorkflow, WorkflowAction, WorkflowOptions, WorkflowReport,
};
