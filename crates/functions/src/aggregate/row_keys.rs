//! Distinct values of any type, numbered in the order in which they come.
//!
//! Guarantees: NULL is a value like any other; a value is stored once; the bytes of two values
//! order as the values do.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{HashMap, Result};

/// Numbers for values of one type.
#[derive(Debug)]
pub struct RowKeys {
    converter: RowConverter,
    numbers: HashMap<Arc<[u8]>, u32>,
    keys: Vec<Arc<[u8]>>,
    key_bytes: usize,
}

impl RowKeys {
    /// No values yet.
    ///
    /// # Errors
    /// When values of this type cannot be told apart.
    pub fn new(value_type: &DataType) -> Result<Self> {
        let converter = RowConverter::new(vec![SortField::new(value_type.clone())])?;
        Ok(Self {
            converter,
            numbers: HashMap::default(),
            keys: Vec::new(),
            key_bytes: 0,
        })
    }

    /// The numbers of an array's values, row by row.
    ///
    /// # Errors
    /// When the array is of another type.
    pub fn number(&mut self, values: &ArrayRef) -> Result<Vec<u32>> {
        let rows = self.converter.convert_columns(&[Arc::clone(values)])?;
        let mut found = Vec::with_capacity(values.len());
        for row in rows.iter() {
            let known = self.numbers.get(row.data()).copied();
            found.push(known.unwrap_or_else(|| self.insert(row.data())));
        }
        Ok(found)
    }

    fn insert(&mut self, key: &[u8]) -> u32 {
        let (number, key) = (self.keys.len() as u32, Arc::<[u8]>::from(key));
        self.key_bytes += key.len() + 2 * size_of::<usize>();
        self.numbers.insert(Arc::clone(&key), number);
        self.keys.push(key);
        number
    }

    /// The bytes of a value; they order as the values do, NULL first.
    pub fn bytes(&self, number: u32) -> &[u8] {
        &self.keys[number as usize]
    }

    /// The values of some numbers, as an array.
    ///
    /// # Errors
    /// When a value cannot be restored.
    pub fn values(&self, numbers: impl IntoIterator<Item = u32>) -> Result<ArrayRef> {
        let parser = self.converter.parser();
        let rows: Vec<_> = numbers
            .into_iter()
            .map(|number| parser.parse(self.bytes(number)))
            .collect();
        Ok(self.converter.convert_rows(rows)?.swap_remove(0))
    }

    /// Memory held, in bytes.
    pub fn size(&self) -> usize {
        let slot = size_of::<(Arc<[u8]>, u32)>() + 1;
        self.key_bytes
            + self.converter.size()
            + self.numbers.capacity() * slot
            + self.keys.capacity() * size_of::<Arc<[u8]>>()
    }
}
