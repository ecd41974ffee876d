//! Tests of the key log: the same duplicates with any limit, and no more memory than that.

use std::collections::HashSet;

use super::*;

fn entry(hash: u128, ingest_seq: i64, partition: u32) -> KeyEntry {
    KeyEntry {
        hash,
        ingest_seq,
        partition,
        part_of_record: ingest_seq % 3 == 0,
    }
}

/// Well spread, as identities are.
fn spread(number: u64) -> u128 {
    let mix = |value: u64| {
        let mut value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        value ^= value >> 29;
        value = value.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        u128::from(value ^ value >> 32)
    };
    mix(number) << 64 | mix(!number)
}

fn duplicates(memory_bytes_max: usize, rows: &[KeyEntry]) -> (Duplicates, Vec<(i64, bool)>) {
    let mut log = KeyLog::new(memory_bytes_max, 1);
    let mut memory_bytes_peak = 0;
    for rows in rows.chunks(100) {
        log.extend(rows.iter().copied()).unwrap();
        memory_bytes_peak = memory_bytes_peak.max(log.memory_bytes());
    }
    let one_each = BUCKET_COUNT * size_of::<KeyEntry>();
    assert!(memory_bytes_peak <= memory_bytes_max.max(one_each));
    let found = log.finish().unwrap();
    let mut seqs: Vec<_> = rows
        .iter()
        .map(|row| row.ingest_seq)
        .filter(|seq| found.contains(*seq))
        .map(|seq| (seq, found.is_part(seq)))
        .collect();
    seqs.sort_unstable();
    (found, seqs)
}

#[test]
fn all_but_the_first_arrival_are_duplicates_in_memory_and_on_disk() {
    let (a, b, c) = (spread(1), spread(2), u128::MAX);
    let rows = [
        entry(a, 30, 1),
        entry(a, 10, 2),
        entry(b, 20, 1),
        entry(a, 40, 1),
        entry(c, 1, 0),
        entry(b, 21, 3),
    ];
    for memory_bytes_max in [0, 64, 1 << 20] {
        let (found, seqs) = duplicates(memory_bytes_max, &rows);
        assert_eq!(seqs, [(21, true), (30, true), (40, false)]);
        assert!(found.may_be_in(1, (30, 30)) && found.may_be_in(3, (1, 99)));
        assert!(!found.may_be_in(2, (1, 99)) && !found.may_be_in(1, (41, 99)));
        assert!(!found.may_be_in(1, (22, 29)));
    }
    let (found, seqs) = duplicates(0, &[]);
    assert!(found.is_empty() && seqs.is_empty());
}

#[test]
fn any_limit_finds_the_same_also_in_buckets_that_must_be_spread_again() {
    let mut seen = HashSet::new();
    let mut expected = Vec::new();
    let mut rows = Vec::new();
    for seq in 1..=200_000_u64 {
        let hash = match seq % 10 {
            // one bucket with half of a row's repetitions, and one row all over
            0 => spread(7),
            1..=4 => spread(seq) >> 12,
            _ => spread(seq % 90_001),
        };
        rows.push(entry(hash, seq as i64, 0));
        if !seen.insert(hash) {
            expected.push((seq as i64, seq % 3 == 0));
        }
    }
    for memory_bytes_max in [32 << 10, 1 << 20, 64 << 20] {
        let (_, seqs) = duplicates(memory_bytes_max, &rows);
        assert!(seqs == expected, "a limit of {memory_bytes_max} bytes");
    }
}
