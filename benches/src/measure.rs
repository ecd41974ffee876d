//! What a step cost: time, peak memory, files.
//!
//! Guarantees: nothing is estimated; what cannot be measured here is absent.

use std::path::Path;
use std::time::Instant;

/// A running stopwatch.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// The most memory this process ever held, in bytes (Linux: `VmHWM`).
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Number and size in bytes of the Parquet files below a folder, checkpoints of Delta logs not counted.
pub fn parquet_files(folder: &Path) -> (u64, u64) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return (0, 0);
    };
    let (mut count, mut size_bytes) = (0, 0);
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "_delta_log") {
                let (inner_count, inner_bytes) = parquet_files(&path);
                count += inner_count;
                size_bytes += inner_bytes;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            count += 1;
            size_bytes += entry.metadata().map_or(0, |metadata| metadata.len());
        }
    }
    (count, size_bytes)
}

/// The middle of some measurements (upper one of two).
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert!(median(Vec::new()).is_nan());
    }
}
