//! `CommandGetXdbcTypeInfo`: the SQL types, as ODBC's `SQLGetTypeInfo` (Excel, Power BI) and JDBC know them.
//!
//! Guarantees: every type that a table of the lake has is listed, by the name that column metadata gives it; sorted by
//! type code, then name.

use arrow_flight::sql::metadata::{XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder};
use arrow_flight::sql::{
    CommandGetXdbcTypeInfo, Nullable, ProstMessageExt, Searchable, XdbcDataType,
    XdbcDatetimeSubcode,
};
use arrow_flight::{FlightDescriptor, FlightInfo};
use prost::Message;

use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::result_stream::{FlightDataStream, stream_batch};
use crate::state::State;

/// `XDBC_SUBCODE_DATE`: an alias of this number in the protocol, which the generated enum leaves out.
const DATE_SUBCODE: XdbcDatetimeSubcode = XdbcDatetimeSubcode::XdbcSubcodeYear;

/// Plans the command.
pub(crate) fn get_flight_info(
    state: &State,
    command: &CommandGetXdbcTypeInfo,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    flight_info(
        &state.type_info.schema(),
        command.as_any().encode_to_vec(),
        descriptor,
    )
}

/// Answers the command.
pub(crate) fn do_get(state: &State, command: &CommandGetXdbcTypeInfo) -> Result<FlightDataStream> {
    let batch = state
        .type_info
        .record_batch(command.data_type)
        .map_err(Error::encoding)?;
    Ok(stream_batch(&state.options, batch))
}

/// All types.
pub(crate) fn answers() -> Result<XdbcTypeInfoData> {
    let mut builder = XdbcTypeInfoDataBuilder::new();
    for info in [
        number("BIGINT", XdbcDataType::XdbcBigint, 19),
        number("INTEGER", XdbcDataType::XdbcInteger, 10),
        number("SMALLINT", XdbcDataType::XdbcSmallint, 5),
        number("TINYINT", XdbcDataType::XdbcTinyint, 3),
        number("DOUBLE", XdbcDataType::XdbcDouble, 15),
        number("REAL", XdbcDataType::XdbcReal, 7),
        decimal(),
        plain("BOOLEAN", XdbcDataType::XdbcBit, 1),
        quoted("VARCHAR", XdbcDataType::XdbcVarchar, i32::MAX, "'"),
        quoted("VARBINARY", XdbcDataType::XdbcVarbinary, i32::MAX, "X'"),
        moment("DATE", XdbcDataType::XdbcDate, 10, DATE_SUBCODE),
        moment(
            "TIMESTAMP",
            XdbcDataType::XdbcTimestamp,
            26,
            XdbcDatetimeSubcode::XdbcSubcodeTimestamp,
        ),
        moment(
            "TIMESTAMP WITH TIME ZONE",
            XdbcDataType::XdbcTimestamp,
            32,
            XdbcDatetimeSubcode::XdbcSubcodeTimestampWithTimezone,
        ),
    ] {
        builder.append(info);
    }
    builder.build().map_err(Error::encoding)
}

/// A type whose literals stand for themselves.
fn plain(name: &str, data_type: XdbcDataType, column_size: i32) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        data_type,
        column_size: Some(column_size),
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        auto_increment: Some(false),
        local_type_name: Some(name.to_owned()),
        sql_data_type: data_type,
        ..XdbcTypeInfo::default()
    }
}

/// A binary number of so many decimal digits.
fn number(name: &str, data_type: XdbcDataType, digits: i32) -> XdbcTypeInfo {
    XdbcTypeInfo {
        unsigned_attribute: Some(false),
        num_prec_radix: Some(10),
        ..plain(name, data_type, digits)
    }
}

fn decimal() -> XdbcTypeInfo {
    XdbcTypeInfo {
        create_params: Some(vec!["precision".to_owned(), "scale".to_owned()]),
        minimum_scale: Some(0),
        maximum_scale: Some(38),
        ..number("DECIMAL", XdbcDataType::XdbcDecimal, 38)
    }
}

/// A type whose literals stand between `prefix` and a quote.
fn quoted(name: &str, data_type: XdbcDataType, column_size: i32, prefix: &str) -> XdbcTypeInfo {
    XdbcTypeInfo {
        literal_prefix: Some(prefix.to_owned()),
        literal_suffix: Some("'".to_owned()),
        case_sensitive: true,
        ..plain(name, data_type, column_size)
    }
}

/// A day or an instant, shown in so many characters.
fn moment(
    name: &str,
    data_type: XdbcDataType,
    characters: i32,
    subcode: XdbcDatetimeSubcode,
) -> XdbcTypeInfo {
    let prefix = if data_type == XdbcDataType::XdbcDate {
        "DATE '"
    } else {
        "TIMESTAMP '"
    };
    XdbcTypeInfo {
        case_sensitive: false,
        sql_data_type: XdbcDataType::XdbcDatetime,
        datetime_subcode: Some(subcode),
        ..quoted(name, data_type, characters, prefix)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn types_are_sorted_by_code() {
        let all = answers().unwrap().record_batch(None).unwrap();
        assert_eq!((all.num_rows(), all.num_columns()), (13, 19));
        let codes = all.column(1).as_primitive::<Int32Type>();
        assert!(codes.values().is_sorted(), "{codes:?}");
    }
}
