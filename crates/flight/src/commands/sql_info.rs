//! `CommandGetSqlInfo`: what the server and its SQL can do.
//!
//! Guarantees: every code of `FlightSql.proto` that JDBC, ODBC and flightsql-dbapi read is answered, with the union member
//! that the protocol names for it (drivers cast without looking); no code of our own is ever sent (JDBC fails on them).

mod names;

use std::collections::BTreeMap;

use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{
    CommandGetSqlInfo, ProstMessageExt, SqlInfo, SqlNullOrdering, SqlOuterJoinsSupportLevel,
    SqlSupportedCaseSensitivity, SqlSupportedGroupBy, SqlSupportedResultSetConcurrency,
    SqlSupportedResultSetType, SqlSupportedSubqueries, SqlSupportedTransaction, SqlSupportedUnions,
    SqlSupportsConvert, SqlTransactionIsolationLevel, SupportedSqlGrammar,
};
use arrow_flight::{FlightDescriptor, FlightInfo};
use prost::Message;

use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::options::FlightOptions;
use crate::result_stream::{FlightDataStream, stream_batch};
use crate::state::State;

/// Version of the Arrow columnar format that is spoken.
const ARROW_FORMAT_VERSION: &str = "1.5";

/// Plans the command.
pub(crate) fn get_flight_info(
    state: &State,
    command: &CommandGetSqlInfo,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    flight_info(
        &state.sql_info.schema(),
        command.as_any().encode_to_vec(),
        descriptor,
    )
}

/// Answers the command: the codes asked for, all of them when none is named.
pub(crate) fn do_get(state: &State, command: CommandGetSqlInfo) -> Result<FlightDataStream> {
    // every code costs a pass over the answers, and no client has a reason to repeat one
    let mut codes = command.info;
    codes.sort_unstable();
    codes.dedup();
    let known_code_max = SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported as u32;
    let asks_for_all = codes.is_empty();
    codes.retain(|&code| code <= known_code_max);
    let batch = state
        .sql_info
        .record_batch(codes.iter().copied())
        .map_err(Error::encoding)?;
    let batch = if codes.is_empty() && !asks_for_all {
        batch.slice(0, 0)
    } else {
        batch
    };
    Ok(stream_batch(&state.options, batch))
}

/// All answers.
pub(crate) fn answers(options: &FlightOptions) -> Result<SqlInfoData> {
    let mut builder = SqlInfoDataBuilder::new();
    append_server(&mut builder, options);
    append_syntax(&mut builder);
    append_names(&mut builder);
    append_queries(&mut builder);
    append_transactions(&mut builder);
    append_results(&mut builder);
    append_limits(&mut builder, options);
    builder.build().map_err(Error::encoding)
}

/// A bit mask with these bits set.
fn mask(bits: impl IntoIterator<Item = i32>) -> i32 {
    bits.into_iter().fold(0, |mask, bit| mask | 1 << bit)
}

fn append_server(builder: &mut SqlInfoDataBuilder, options: &FlightOptions) {
    builder.append(SqlInfo::FlightSqlServerName, "Chatlake");
    builder.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    builder.append(SqlInfo::FlightSqlServerArrowVersion, ARROW_FORMAT_VERSION);
    // SQL only reads the lake, but rows come in by bulk ingestion, and sessions have tables of their own
    builder.append(SqlInfo::FlightSqlServerReadOnly, false);
    builder.append(SqlInfo::FlightSqlServerSql, true);
    builder.append(SqlInfo::FlightSqlServerSubstrait, false);
    builder.append(
        SqlInfo::FlightSqlServerTransaction,
        SqlSupportedTransaction::Transaction as i32,
    );
    builder.append(SqlInfo::FlightSqlServerCancel, true);
    builder.append(SqlInfo::FlightSqlServerBulkIngestion, true);
    // rows of stored tables are committed at once
    builder.append(SqlInfo::FlightSqlServerIngestTransactionsSupported, false);
    let prepared_idle_ms = i32::try_from(options.prepared_idle_ms).unwrap_or(i32::MAX);
    builder.append(SqlInfo::FlightSqlServerStatementTimeout, prepared_idle_ms);
    let transaction_idle_ms = i32::try_from(options.transaction_idle_ms).unwrap_or(i32::MAX);
    builder.append(
        SqlInfo::FlightSqlServerTransactionTimeout,
        transaction_idle_ms,
    );
}

fn append_syntax(builder: &mut SqlInfoDataBuilder) {
    builder.append(SqlInfo::SqlDdlCatalog, false);
    builder.append(SqlInfo::SqlDdlSchema, false);
    builder.append(SqlInfo::SqlDdlTable, true);
    let lower_case = SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase;
    builder.append(SqlInfo::SqlIdentifierCase, lower_case as i32);
    builder.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    // quoted names keep their case; the enum has no word for it, and JDBC reads "unknown" as mixed case
    let as_written = SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown;
    builder.append(SqlInfo::SqlQuotedIdentifierCase, as_written as i32);
    builder.append(SqlInfo::SqlAllTablesAreSelectable, true);
    builder.append(
        SqlInfo::SqlNullOrdering,
        SqlNullOrdering::SqlNullsSortedHigh as i32,
    );
    builder.append(SqlInfo::SqlSearchStringEscape, "\\");
    builder.append(SqlInfo::SqlExtraNameCharacters, "");
    builder.append(SqlInfo::SqlSchemaTerm, "schema");
    builder.append(SqlInfo::SqlProcedureTerm, "procedure");
    builder.append(SqlInfo::SqlCatalogTerm, "catalog");
    builder.append(SqlInfo::SqlCatalogAtStart, true);
    builder.append(SqlInfo::SqlSchemasSupportedActions, 0);
    builder.append(SqlInfo::SqlCatalogsSupportedActions, 0);
}

fn append_names(builder: &mut SqlInfoDataBuilder) {
    builder.append(SqlInfo::SqlKeywords, names::KEYWORDS);
    builder.append(SqlInfo::SqlNumericFunctions, names::NUMERIC_FUNCTIONS);
    builder.append(SqlInfo::SqlStringFunctions, names::STRING_FUNCTIONS);
    builder.append(SqlInfo::SqlSystemFunctions, names::SYSTEM_FUNCTIONS);
    builder.append(SqlInfo::SqlDatetimeFunctions, names::DATETIME_FUNCTIONS);
}

fn append_queries(builder: &mut SqlInfoDataBuilder) {
    builder.append(SqlInfo::SqlSupportsColumnAliasing, true);
    builder.append(SqlInfo::SqlNullPlusNullIsNull, true);
    builder.append(SqlInfo::SqlSupportsConvert, conversions());
    builder.append(SqlInfo::SqlSupportsTableCorrelationNames, true);
    builder.append(SqlInfo::SqlSupportsDifferentTableCorrelationNames, false);
    builder.append(SqlInfo::SqlSupportsExpressionsInOrderBy, true);
    builder.append(SqlInfo::SqlSupportsOrderByUnrelated, true);
    let group_by = [
        SqlSupportedGroupBy::SqlGroupByUnrelated,
        SqlSupportedGroupBy::SqlGroupByBeyondSelect,
    ];
    builder.append(
        SqlInfo::SqlSupportedGroupBy,
        mask(group_by.map(|bit| bit as i32)),
    );
    builder.append(SqlInfo::SqlSupportsLikeEscapeClause, true);
    builder.append(SqlInfo::SqlSupportsNonNullableColumns, false);
    let grammar = [
        SupportedSqlGrammar::SqlMinimumGrammar,
        SupportedSqlGrammar::SqlCoreGrammar,
    ];
    builder.append(
        SqlInfo::SqlSupportedGrammar,
        mask(grammar.map(|bit| bit as i32)),
    );
    // of the ANSI levels the entry level: its bit is the first
    builder.append(SqlInfo::SqlAnsi92SupportedLevel, mask([0]));
    builder.append(SqlInfo::SqlSupportsIntegrityEnhancementFacility, false);
    builder.append(
        SqlInfo::SqlOuterJoinsSupportLevel,
        SqlOuterJoinsSupportLevel::SqlFullOuterJoins as i32,
    );
    builder.append(SqlInfo::SqlSupportedPositionedCommands, 0);
    builder.append(SqlInfo::SqlSelectForUpdateSupported, false);
    builder.append(SqlInfo::SqlStoredProceduresSupported, false);
    let subqueries = [
        SqlSupportedSubqueries::SqlSubqueriesInComparisons,
        SqlSupportedSubqueries::SqlSubqueriesInExists,
        SqlSupportedSubqueries::SqlSubqueriesInIns,
    ];
    builder.append(
        SqlInfo::SqlSupportedSubqueries,
        mask(subqueries.map(|bit| bit as i32)),
    );
    builder.append(SqlInfo::SqlCorrelatedSubqueriesSupported, true);
    let unions = [
        SqlSupportedUnions::SqlUnion,
        SqlSupportedUnions::SqlUnionAll,
    ];
    builder.append(
        SqlInfo::SqlSupportedUnions,
        mask(unions.map(|bit| bit as i32)),
    );
}

/// Which types `CAST` turns into which.
fn conversions() -> BTreeMap<i32, Vec<i32>> {
    use SqlSupportsConvert as To;
    let numbers = [
        To::SqlConvertBigint,
        To::SqlConvertDecimal,
        To::SqlConvertFloat,
        To::SqlConvertInteger,
        To::SqlConvertNumeric,
        To::SqlConvertReal,
        To::SqlConvertSmallint,
        To::SqlConvertTinyint,
    ];
    let codes = |types: &[To]| types.iter().map(|&to| to as i32).collect::<Vec<i32>>();
    let mut from_number = codes(&numbers);
    from_number.extend(codes(&[To::SqlConvertBit, To::SqlConvertVarchar]));
    let mut from_text = from_number.clone();
    from_text.extend(codes(&[
        To::SqlConvertDate,
        To::SqlConvertTimestamp,
        To::SqlConvertVarbinary,
    ]));
    let mut conversions: BTreeMap<i32, Vec<i32>> = numbers
        .iter()
        .map(|&number| (number as i32, from_number.clone()))
        .collect();
    conversions.insert(To::SqlConvertBit as i32, from_number);
    conversions.insert(To::SqlConvertVarchar as i32, from_text);
    let moments = [
        To::SqlConvertDate,
        To::SqlConvertTimestamp,
        To::SqlConvertVarchar,
    ];
    conversions.insert(To::SqlConvertDate as i32, codes(&moments));
    conversions.insert(To::SqlConvertTimestamp as i32, codes(&moments));
    conversions
}

fn append_transactions(builder: &mut SqlInfoDataBuilder) {
    // every statement sees the newest commit
    let committed = SqlTransactionIsolationLevel::SqlTransactionReadCommitted as i32;
    // an int32 by FlightSql.proto, but the JDBC and ODBC drivers read a bigint and fail otherwise
    builder.append(
        SqlInfo::SqlDefaultTransactionIsolation,
        i64::from(committed),
    );
    builder.append(SqlInfo::SqlTransactionsSupported, true);
    builder.append(
        SqlInfo::SqlSupportedTransactionsIsolationLevels,
        mask([committed]),
    );
    builder.append(SqlInfo::SqlDataDefinitionCausesTransactionCommit, false);
    builder.append(SqlInfo::SqlDataDefinitionsInTransactionsIgnored, false);
    builder.append(SqlInfo::SqlSavepointsSupported, false);
}

fn append_results(builder: &mut SqlInfoDataBuilder) {
    let forward_only = SqlSupportedResultSetType::SqlResultSetTypeForwardOnly as i32;
    let read_only = SqlSupportedResultSetConcurrency::SqlResultSetConcurrencyReadOnly as i32;
    builder.append(SqlInfo::SqlSupportedResultSetTypes, mask([forward_only]));
    builder.append(SqlInfo::SqlSupportedConcurrenciesForResultSetUnspecified, 0);
    builder.append(
        SqlInfo::SqlSupportedConcurrenciesForResultSetForwardOnly,
        mask([read_only]),
    );
    builder.append(
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollSensitive,
        0,
    );
    builder.append(
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollInsensitive,
        0,
    );
    builder.append(SqlInfo::SqlBatchUpdatesSupported, true);
    builder.append(SqlInfo::SqlNamedParametersSupported, false);
    builder.append(SqlInfo::SqlLocatorsUpdateCopy, false);
    builder.append(SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported, false);
}

fn append_limits(builder: &mut SqlInfoDataBuilder, options: &FlightOptions) {
    // 0: no limit, or none that is known
    for unlimited in [
        SqlInfo::SqlMaxBinaryLiteralLength,
        SqlInfo::SqlMaxCharLiteralLength,
        SqlInfo::SqlMaxColumnNameLength,
        SqlInfo::SqlMaxColumnsInGroupBy,
        SqlInfo::SqlMaxColumnsInIndex,
        SqlInfo::SqlMaxColumnsInOrderBy,
        SqlInfo::SqlMaxColumnsInSelect,
        SqlInfo::SqlMaxColumnsInTable,
        SqlInfo::SqlMaxConnections,
        SqlInfo::SqlMaxCursorNameLength,
        SqlInfo::SqlMaxIndexLength,
        SqlInfo::SqlDbSchemaNameLength,
        SqlInfo::SqlMaxProcedureNameLength,
        SqlInfo::SqlMaxCatalogNameLength,
        SqlInfo::SqlMaxRowSize,
        SqlInfo::SqlMaxTableNameLength,
        SqlInfo::SqlMaxTablesInSelect,
        SqlInfo::SqlMaxUsernameLength,
    ] {
        builder.append(unlimited, 0_i64);
    }
    let number = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
    builder.append(SqlInfo::SqlMaxRowSizeIncludesBlobs, true);
    builder.append(
        SqlInfo::SqlMaxStatementLength,
        number(options.statement_bytes_max),
    );
    builder.append(
        SqlInfo::SqlMaxStatements,
        number(options.prepared_count_max),
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use arrow::array::AsArray;
    use arrow::datatypes::UInt32Type;

    use super::*;

    #[test]
    fn every_code_of_the_protocol_is_answered_and_no_other() {
        let all = answers(&FlightOptions::default())
            .unwrap()
            .record_batch([])
            .unwrap();
        let codes: BTreeSet<u32> = all
            .column(0)
            .as_primitive::<UInt32Type>()
            .values()
            .iter()
            .copied()
            .collect();
        // the Substrait versions are absent, as the protocol wants without Substrait
        let expected: BTreeSet<u32> = (0..=5)
            .chain(8..=11)
            .chain(100..=101)
            .chain(500..=576)
            .collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn values_are_in_the_union_member_of_their_code() {
        let all = answers(&FlightOptions::default())
            .unwrap()
            .record_batch([])
            .unwrap();
        let values = all.column(1).as_union();
        for (row, &code) in all
            .column(0)
            .as_primitive::<UInt32Type>()
            .values()
            .iter()
            .enumerate()
        {
            let expected = match code {
                0..=2 | 504 | 513 | 514 | 529..=531 => 0,
                8
                | 100
                | 101
                | 503
                | 505
                | 507
                | 522
                | 525
                | 526
                | 528
                | 533..=535
                | 538
                | 540
                | 564 => 3,
                567..=571 => 3,
                508..=512 => 4,
                517 => 5,
                // 562: what the JDBC and ODBC drivers read
                541..=555 | 557..=562 => 2,
                _ => 1,
            };
            assert_eq!(values.type_id(row), expected, "code {code}");
        }
    }
}
