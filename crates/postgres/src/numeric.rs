//! Decimals of any size as PostgreSQL's `numeric`, exact.
//!
//! 1. A value comes as the digits of an integer and a scale.
//! 2. As text it is those digits with a point before the last `scale` of them.
//! 3. In binary it is groups of four decimal digits, aligned at the point: their count, the weight of the first, the sign and the
//!    scale, then the groups; zero groups at both ends are left out.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use pgwire::types::ToSqlText;
use pgwire::types::format::FormatOptions;
use postgres_types::{IsNull, ToSql, Type};

/// One decimal value.
#[derive(Debug)]
pub(crate) struct Numeric {
    is_negative: bool,
    /// Decimal digits before the point, none for a value below one.
    whole: Vec<u8>,
    /// Decimal digits after the point.
    fraction: Vec<u8>,
}

impl Numeric {
    /// `unscaled` (an integer as text) divided by 10 to the power of `scale`.
    pub(crate) fn new(unscaled: &str, scale: i8) -> Self {
        let (is_negative, digits) = match unscaled.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, unscaled),
        };
        let mut digits: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
        let fraction_count = usize::try_from(scale).unwrap_or(0);
        digits.resize(digits.len() + usize::from(scale.min(0).unsigned_abs()), 0);
        while digits.len() < fraction_count {
            digits.insert(0, 0);
        }
        let fraction = digits.split_off(digits.len() - fraction_count);
        let leading = digits.iter().take_while(|digit| **digit == 0).count();
        Self {
            is_negative,
            whole: digits.split_off(leading),
            fraction,
        }
    }

    /// Groups of four digits from the point on, and how many stand before it.
    fn groups(&self) -> (Vec<i16>, usize) {
        let before = self.whole.len().div_ceil(4);
        let mut digits = vec![0; before * 4 - self.whole.len()];
        digits.extend(&self.whole);
        digits.extend(&self.fraction);
        digits.resize(digits.len().next_multiple_of(4), 0);
        let group = |four: &[u8]| {
            four.iter()
                .fold(0, |sum, digit| sum * 10 + i16::from(*digit))
        };
        (digits.chunks(4).map(group).collect(), before)
    }
}

impl ToSql for Numeric {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let (mut groups, before) = self.groups();
        while groups.last() == Some(&0) {
            groups.pop();
        }
        let leading = groups.iter().take_while(|group| **group == 0).count();
        let groups = &groups[leading..];
        let weight = match groups {
            [] => 0,
            _ => i16::try_from(before)? - i16::try_from(leading)? - 1,
        };
        out.put_i16(i16::try_from(groups.len())?);
        out.put_i16(weight);
        out.put_u16(if self.is_negative && !groups.is_empty() {
            0x4000
        } else {
            0
        });
        out.put_u16(u16::try_from(self.fraction.len())?);
        groups.iter().for_each(|group| out.put_i16(*group));
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }

    postgres_types::to_sql_checked!();
}

impl ToSqlText for Numeric {
    fn to_sql_text(
        &self,
        _: &Type,
        out: &mut BytesMut,
        _: &FormatOptions,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let digits = |out: &mut BytesMut, digits: &[u8]| {
            digits.iter().for_each(|digit| out.put_u8(b'0' + digit));
        };
        if self.is_negative {
            out.put_u8(b'-');
        }
        match self.whole.as_slice() {
            [] => out.put_u8(b'0'),
            whole => digits(out, whole),
        }
        if !self.fraction.is_empty() {
            out.put_u8(b'.');
            digits(out, &self.fraction);
        }
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unscaled: &str, scale: i8) -> String {
        let mut out = BytesMut::new();
        let numeric = Numeric::new(unscaled, scale);
        numeric
            .to_sql_text(&Type::NUMERIC, &mut out, &FormatOptions::default())
            .unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    fn binary(unscaled: &str, scale: i8) -> Vec<i16> {
        let mut out = BytesMut::new();
        Numeric::new(unscaled, scale)
            .to_sql(&Type::NUMERIC, &mut out)
            .unwrap();
        out.chunks(2)
            .map(|two| i16::from_be_bytes([two[0], two[1]]))
            .collect()
    }

    #[test]
    fn texts_have_all_digits() {
        for (unscaled, scale, expected) in [
            ("0", 0, "0"),
            ("0", 2, "0.00"),
            ("-5", 2, "-0.05"),
            ("123456", 2, "1234.56"),
            ("12", -2, "1200"),
            (
                "99999999999999999999999999999999999999",
                10,
                "9999999999999999999999999999.9999999999",
            ),
        ] {
            assert_eq!(text(unscaled, scale), expected);
        }
    }

    #[test]
    fn groups_are_aligned_at_the_point() {
        // count, weight, sign, scale, groups
        assert_eq!(binary("0", 2), [0, 0, 0, 2]);
        assert_eq!(binary("123456", 2), [2, 0, 0, 2, 1234, 5600]);
        assert_eq!(binary("-1234567", 1), [3, 1, 0x4000, 1, 12, 3456, 7000]);
        assert_eq!(binary("5", 6), [1, -2, 0, 6, 500]);
        assert_eq!(binary("10000", 0), [1, 1, 0, 0, 1]);
    }
}
