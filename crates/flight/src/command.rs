//! From the bytes of a descriptor or ticket to the command that they hold, and to the module that answers it.
//!
//! Guarantees: bytes that are no command are an invalid argument, a command we do not have is unimplemented; SQL text in a
//! descriptor without any protobuf around it is a statement (the C# driver and two-line notebooks send that).

use arrow_flight::sql::{Any, Command, CommandStatementQuery};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use prost::Message;

use crate::commands::{
    catalogs, db_schemas, foreign_keys, prepared_statement, primary_keys, sql_info, statement,
    table_types, tables, xdbc_type_info,
};
use crate::error::{Error, Result};
use crate::flight_info::schema_message;
use crate::result_stream::FlightDataStream;
use crate::sessions::CallSession;
use crate::state::State;

/// What all packed messages of Google's protobuf begin with.
const TYPE_URL_PREFIX: &str = "type.googleapis.com/";

/// The message packed in `bytes`.
pub(crate) fn unpack(what: &'static str, bytes: &[u8]) -> Result<Command> {
    let any = Any::decode(bytes)
        .ok()
        .filter(|any| any.type_url.starts_with(TYPE_URL_PREFIX));
    let any = any.ok_or_else(|| Error::malformed(what, "expected a packed Flight SQL message"))?;
    Command::try_from(any).map_err(|error| Error::malformed(what, error.to_string()))
}

/// The command of a descriptor.
pub(crate) fn of_descriptor(descriptor: &FlightDescriptor) -> Result<Command> {
    if !descriptor.path.is_empty() {
        return Err(Error::malformed(
            "flight descriptor",
            "expected a command, found a path",
        ));
    }
    unpack("flight descriptor", &descriptor.cmd).or_else(|error| match bare_sql(&descriptor.cmd) {
        Some(query) => Ok(Command::CommandStatementQuery(CommandStatementQuery {
            query,
            transaction_id: None,
        })),
        None => Err(error),
    })
}

/// `bytes` as SQL, when they can be nothing else.
fn bare_sql(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_text = text
        .chars()
        .all(|character| !character.is_control() || character.is_whitespace());
    (is_text && !text.trim().is_empty()).then(|| text.to_owned())
}

/// The columns of what a command answers; no statement is run.
pub(crate) async fn get_schema(
    state: &State,
    call: CallSession,
    command: Command,
    descriptor: FlightDescriptor,
) -> Result<Bytes> {
    let schema = match command {
        Command::CommandPreparedStatementQuery(command) => {
            prepared_statement::get_schema(state, call, &command).await?
        }
        Command::CommandStatementQuery(command) => {
            statement::get_schema(state, call, command).await?
        }
        // these are answered without running anything
        other => {
            return Ok(get_flight_info(state, call, other, descriptor)
                .await?
                .schema);
        }
    };
    schema_message(&schema)
}

/// Plans a command.
pub(crate) async fn get_flight_info(
    state: &State,
    call: CallSession,
    command: Command,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    match command {
        Command::CommandGetCatalogs(command) => catalogs::get_flight_info(command, descriptor),
        Command::CommandGetCrossReference(command) => {
            foreign_keys::get_flight_info(&command, descriptor)
        }
        Command::CommandGetDbSchemas(command) => db_schemas::get_flight_info(command, descriptor),
        Command::CommandGetExportedKeys(command) => {
            foreign_keys::get_flight_info(&command, descriptor)
        }
        Command::CommandGetImportedKeys(command) => {
            foreign_keys::get_flight_info(&command, descriptor)
        }
        Command::CommandGetPrimaryKeys(command) => {
            primary_keys::get_flight_info(&command, descriptor)
        }
        Command::CommandGetSqlInfo(command) => {
            sql_info::get_flight_info(state, &command, descriptor)
        }
        Command::CommandGetTableTypes(command) => table_types::get_flight_info(command, descriptor),
        Command::CommandGetTables(command) => tables::get_flight_info(command, descriptor),
        Command::CommandGetXdbcTypeInfo(command) => {
            xdbc_type_info::get_flight_info(state, &command, descriptor)
        }
        Command::CommandPreparedStatementQuery(command) => {
            prepared_statement::get_flight_info(state, call, &command, descriptor).await
        }
        Command::CommandStatementQuery(command) => {
            statement::get_flight_info(state, call, command, descriptor).await
        }
        other => Err(unsupported("GetFlightInfo", &other)),
    }
}

/// Answers the command in a ticket.
pub(crate) async fn do_get(
    state: &State,
    call: CallSession,
    ticket: &[u8],
) -> Result<FlightDataStream> {
    match unpack("ticket", ticket)? {
        Command::CommandGetCatalogs(command) => catalogs::do_get(&state.options, command),
        Command::CommandGetCrossReference(command) => {
            foreign_keys::do_get(state, call.session, command.into()).await
        }
        Command::CommandGetExportedKeys(command) => {
            foreign_keys::do_get(state, call.session, command.into()).await
        }
        Command::CommandGetImportedKeys(command) => {
            foreign_keys::do_get(state, call.session, command.into()).await
        }
        Command::CommandGetDbSchemas(command) => {
            db_schemas::do_get(state, call.session, command).await
        }
        Command::CommandGetPrimaryKeys(command) => {
            primary_keys::do_get(state, call.session, command).await
        }
        Command::CommandGetSqlInfo(command) => sql_info::do_get(state, command),
        Command::CommandGetTableTypes(command) => table_types::do_get(&state.options, command),
        Command::CommandGetTables(command) => tables::do_get(state, call.session, command).await,
        Command::CommandGetXdbcTypeInfo(command) => xdbc_type_info::do_get(state, &command),
        Command::CommandPreparedStatementQuery(command) => {
            prepared_statement::do_get(state, call, &command).await
        }
        Command::TicketStatementQuery(handle) => statement::do_get(state, call, handle).await,
        other => Err(unsupported("DoGet", &other)),
    }
}

/// The refusal of a command that a call does not take.
pub(crate) fn unsupported(call: &str, command: &Command) -> Error {
    let url = command.type_url();
    let name = url.rsplit(['/', '.']).next().unwrap_or(url);
    Error::Unsupported(match command {
        Command::CommandStatementIngest(_) => {
            format!("bulk ingestion in {call}: it comes by DoPut")
        }
        Command::CommandStatementSubstraitPlan(_) => {
            "Substrait plans, because this server speaks SQL only".to_owned()
        }
        _ => format!("the command `{name}` in {call}"),
    })
}

#[cfg(test)]
mod tests {
    use arrow_flight::sql::{CommandGetCatalogs, ProstMessageExt};

    use super::*;

    fn descriptor(command: impl Into<Bytes>) -> FlightDescriptor {
        FlightDescriptor::new_cmd(command)
    }

    #[test]
    fn a_packed_command_and_bare_sql_are_understood() {
        let packed = CommandGetCatalogs {}.as_any().encode_to_vec();
        assert!(matches!(
            of_descriptor(&descriptor(packed)),
            Ok(Command::CommandGetCatalogs(_))
        ));
        for sql in ["select 1 as one", "\n SELECT 'é'\n"] {
            let Ok(Command::CommandStatementQuery(command)) = of_descriptor(&descriptor(sql))
            else {
                panic!("{sql}")
            };
            assert_eq!(command.query, sql);
        }
    }

    #[test]
    fn bytes_that_are_no_command_are_malformed() {
        for bytes in [&b""[..], b" ", b"\xff\xfe", b"\x00\x01"] {
            let error = of_descriptor(&descriptor(bytes.to_vec())).unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Malformed {
                        what: "flight descriptor",
                        ..
                    }
                ),
                "{bytes:?}"
            );
        }
        let path = FlightDescriptor::new_path(vec!["messages".to_owned()]);
        assert!(matches!(of_descriptor(&path), Err(Error::Malformed { .. })));
    }

    #[test]
    fn an_unknown_command_is_told_by_its_name() {
        let any = Any {
            type_url: format!("{TYPE_URL_PREFIX}arrow.flight.protocol.sql.CommandNoSuch"),
            ..Any::default()
        };
        let command = of_descriptor(&descriptor(any.encode_to_vec())).unwrap();
        let error = unsupported("GetFlightInfo", &command).to_string();
        assert_eq!(
            error,
            "not supported: the command `CommandNoSuch` in GetFlightInfo"
        );
    }
}
