//! One module per command of Flight SQL, each with its `get_flight_info` and `do_get`.
//!
//! Guarantees: both answers of a command take their schema from one place; the ticket of a metadata command is the command
//! itself, so it can be redeemed by anybody, as often as they like.

pub(crate) mod catalogs;
pub(crate) mod db_schemas;
pub(crate) mod foreign_keys;
pub(crate) mod ingest;
pub(crate) mod prepared_statement;
pub(crate) mod primary_keys;
pub(crate) mod sql_info;
pub(crate) mod statement;
pub(crate) mod table_types;
pub(crate) mod tables;
pub(crate) mod update;
pub(crate) mod xdbc_type_info;
