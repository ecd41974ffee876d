//! Which rows are the same: 128-bit keyed hashes of the columns that make a row what it is (domain specification §3.2).
//!
//! * first write wins (messages, events, …): the key columns;
//! * versions: every column but `ingest_seq` and `received_at`, so a retry of a version is recognised and a new version
//!   with the same values at another time is not;
//! * registries: likewise, compared only with the newest row of the key.
//!
//! Guarantees: the hash depends on values only, not on how a batch is laid out. The hash key is random per load, so
//! nobody can prepare ids that collide; for rows of chance, 10^10 of them collide with a probability below 10^-18.

use std::hash::Hasher;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use chatlake_schema::{MergeRule, Table};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::{Error, Result};

/// A row's identity.
pub(crate) type RowHash = u128;

/// Columns that say when a row arrived and not what it says.
const ARRIVAL_COLUMNS: [&str; 2] = ["ingest_seq", "received_at"];

/// Hashes the same columns of any number of batches.
#[derive(Clone, Debug)]
pub(crate) struct RowHasher {
    columns: Vec<String>,
    key: (u64, u64),
}

impl RowHasher {
    /// Hashes what makes a row of `table` a repetition of another.
    pub(crate) fn of_identity(table: &Table, key: (u64, u64)) -> Self {
        let columns = match table.merge {
            MergeRule::FirstWriteWins => table.key.clone(),
            MergeRule::NewestPerColumn | MergeRule::NewestRow | MergeRule::LastWriteWins => {
                let names = table.columns.iter().map(|column| column.name.clone());
                names
                    .filter(|name| !ARRIVAL_COLUMNS.contains(&name.as_str()))
                    .collect()
            }
        };
        Self { columns, key }
    }

    /// Hashes the key columns of `table`.
    pub(crate) fn of_key(table: &Table, key: (u64, u64)) -> Self {
        Self {
            columns: table.key.clone(),
            key,
        }
    }

    /// The columns that are hashed.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// One hash per row. The batch must hold [`RowHasher::columns`], by name.
    pub(crate) fn hash(&self, batch: &RecordBatch) -> Result<Vec<RowHash>> {
        let mut hashers =
            vec![SipHasher13::new_with_keys(self.key.0, self.key.1); batch.num_rows()];
        for name in &self.columns {
            let column = batch
                .column_by_name(name)
                .ok_or_else(|| Error::RowsMismatch {
                    table: String::new(),
                    reason: format!("expected a column `{name}`, found none"),
                })?;
            hash_column(column, &mut hashers)?;
        }
        Ok(hashers
            .iter()
            .map(|hasher| hasher.finish128().as_u128())
            .collect())
    }
}

fn hash_column(column: &ArrayRef, hashers: &mut [SipHasher13]) -> Result<()> {
    match column.data_type() {
        DataType::Utf8 => {
            let values = column.as_string::<i32>();
            each(column, hashers, |row, hasher| {
                write_text(hasher, values.value(row))
            });
        }
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>().values();
            each(column, hashers, |row, hasher| hasher.write_i64(values[row]));
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let values = column.as_primitive::<TimestampMicrosecondType>().values();
            each(column, hashers, |row, hasher| hasher.write_i64(values[row]));
        }
        DataType::Date32 => {
            let values = column.as_primitive::<Date32Type>().values();
            each(column, hashers, |row, hasher| hasher.write_i32(values[row]));
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().values();
            each(column, hashers, |row, hasher| {
                hasher.write_u64(values[row].to_bits())
            });
        }
        DataType::Decimal128(_, _) => {
            let values = column.as_primitive::<Decimal128Type>().values();
            each(column, hashers, |row, hasher| {
                hasher.write_i128(values[row])
            });
        }
        DataType::Boolean => {
            let values = column.as_boolean();
            each(column, hashers, |row, hasher| {
                hasher.write_u8(u8::from(values.value(row)))
            });
        }
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            let values = lists
                .values()
                .as_string_opt::<i32>()
                .ok_or_else(|| unexpected(column))?;
            each(column, hashers, |row, hasher| {
                let (start, end) = (lists.value_offsets()[row], lists.value_offsets()[row + 1]);
                hasher.write_i32(end - start);
                for item in start..end {
                    write_text(hasher, values.value(usize::try_from(item).unwrap_or(0)));
                }
            });
        }
        _ => return Err(unexpected(column)),
    }
    Ok(())
}

fn unexpected(column: &ArrayRef) -> Error {
    let reason = format!("expected a stored type, found {}", column.data_type());
    Error::RowsMismatch {
        table: String::new(),
        reason,
    }
}

/// Feeds every row: a mark for NULL or not, then the value.
fn each(column: &ArrayRef, hashers: &mut [SipHasher13], write: impl Fn(usize, &mut SipHasher13)) {
    let nulls = column.logical_nulls();
    for (row, hasher) in hashers.iter_mut().enumerate() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            hasher.write_u8(0);
        } else {
            hasher.write_u8(1);
            write(row, hasher);
        }
    }
}

/// The length goes first, so that ("ab", "c") and ("a", "bc") differ.
fn write_text(hasher: &mut SipHasher13, text: &str) {
    hasher.write_usize(text.len());
    hasher.write(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::StringArray;

    use super::*;

    fn hashes(rows: &[(Option<&str>, Option<&str>)]) -> Vec<RowHash> {
        let left: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>());
        let right: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<StringArray>());
        let batch =
            RecordBatch::try_from_iter_with_nullable([("a", left, true), ("b", right, true)])
                .unwrap();
        RowHasher {
            columns: vec!["a".into(), "b".into()],
            key: (1, 2),
        }
        .hash(&batch)
        .unwrap()
    }

    #[test]
    fn values_and_their_borders_count() {
        let found = hashes(&[
            (Some("ab"), Some("c")),
            (Some("a"), Some("bc")),
            (Some("abc"), None),
            (Some("abc"), Some("")),
            (None, Some("abc")),
            (Some("ab"), Some("c")),
        ]);
        assert_eq!(found[0], found[5]);
        let distinct: std::collections::HashSet<_> = found[..5].iter().collect();
        assert_eq!(distinct.len(), 5);
    }
}
