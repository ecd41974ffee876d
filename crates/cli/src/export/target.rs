//! Where the files of an export go: a folder, a file, or standard output.
//!
//! Guarantees: two files never get one name; standard output takes one file only.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chatlake::ExportFormat;

use crate::error::{Error, Result};

/// What `--output` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `-`
    Standard,
    /// A folder that is there, or a path that ends in a separator: files get the names of their pages.
    Folder(PathBuf),
    /// Any other path: the name of the first file.
    File(PathBuf),
}

impl Target {
    /// Reads `--output`.
    pub fn of(output: &Path) -> Self {
        let text = output.as_os_str().to_string_lossy();
        if text == "-" {
            return Self::Standard;
        }
        if output.is_dir() || text.ends_with(std::path::is_separator) {
            return Self::Folder(output.to_path_buf());
        }
        Self::File(output.to_path_buf())
    }

    /// The format that the ending of the file names.
    pub fn format(&self) -> Option<ExportFormat> {
        match self {
            Self::File(path) => path.extension()?.to_str()?.parse().ok(),
            Self::Standard | Self::Folder(_) => None,
        }
    }

    /// A path for each file, given the names of their pages; none is standard output. Makes the folder.
    pub fn paths(&self, names: &[&str]) -> Result<Vec<Option<PathBuf>>> {
        match self {
            Self::Standard if names.len() > 1 => Err(Error::Usage(format!(
                "expected a folder or file in --output for the {} files `{}`, found `-`",
                names.len(),
                names.join("`, `")
            ))),
            Self::Standard => Ok(vec![None; names.len()]),
            Self::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|source| Error::File {
                    action: "make the folder",
                    path: folder.display().to_string(),
                    source,
                })?;
                Ok(names.iter().map(|name| Some(folder.join(name))).collect())
            }
            Self::File(path) => Ok((0..names.len())
                .map(|index| Some(numbered(path, index)))
                .collect()),
        }
    }
}

/// The path itself for the first file, `name_daily.csv` for its daily series.
fn numbered(path: &Path, index: usize) -> PathBuf {
    if index == 0 {
        return path.to_path_buf();
    }
    let mut name = path
        .file_stem()
        .map_or_else(OsString::new, std::ffi::OsStr::to_owned);
    name.push("_daily");
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_that_is_there_or_ends_in_a_separator() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().to_path_buf();
        assert_eq!(Target::of(&there), Target::Folder(there.clone()));
        let new = there.join("new");
        assert_eq!(Target::of(&new), Target::File(new.clone()));
        let new = PathBuf::from(format!("{}/", new.display()));
        assert_eq!(Target::of(&new), Target::Folder(new.clone()));
        assert_eq!(Target::of(Path::new("-")), Target::Standard);
        let paths = Target::of(&new).paths(&["a.csv", "b.csv"]).unwrap();
        assert_eq!(paths, [Some(new.join("a.csv")), Some(new.join("b.csv"))]);
        assert!(new.is_dir());
    }

    #[test]
    fn a_file_names_its_series_and_its_format() {
        for (path, second, format) in [
            ("x/users.csv", "x/users_daily.csv", Some(ExportFormat::Csv)),
            ("a.b.ndjson", "a.b_daily.ndjson", Some(ExportFormat::Ndjson)),
            ("r.PARQUET", "r_daily.PARQUET", Some(ExportFormat::Parquet)),
            ("report", "report_daily", None),
            ("report.txt", "report_daily.txt", None),
        ] {
            let target = Target::File(path.into());
            let expected = [Some(PathBuf::from(path)), Some(PathBuf::from(second))];
            assert_eq!(target.paths(&["a", "b"]).unwrap(), expected);
            assert_eq!(target.format(), format, "{path}");
        }
    }

    #[test]
    fn standard_output_takes_one_file() {
        assert_eq!(Target::Standard.paths(&["a.csv"]).unwrap(), [None]);
        let error = Target::Standard.paths(&["a.csv", "b.csv"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a folder or file in --output for the 2 files `a.csv`, `b.csv`, found `-`"
        );
    }
}
