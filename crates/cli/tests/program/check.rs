//! `chatlake check`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::folder::Folder;

fn data_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(data_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "parquet") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_whole_lake_is_told_so() {
    let folder = Folder::with_records();
    let text = folder.chatlake(&["check"]).succeeded().stdout;
    assert!(
        text.contains("messages") && text.ends_with("the lake is whole\n"),
        "{text}"
    );
    let report: Value =
        serde_json::from_str(&folder.chatlake(&["check", "--json"]).succeeded().stdout).unwrap();
    assert_eq!(
        (&report["ok"], &report["damages"]),
        (&true.into(), &Value::Array(Vec::new()))
    );
}

#[test]
fn every_damage_is_named() {
    let folder = Folder::with_records();
    let files = data_files(&folder.path("chatlake-data/tables/messages"));
    assert!(files.len() >= 2, "{files:?}");
    fs::remove_file(&files[0]).unwrap();
    fs::write(&files[1], "cut off").unwrap();
    let run = folder
        .chatlake(&["check"])
        .failed(4, "is damaged in 2 places");
    for file in &files[..2] {
        let name = file.file_name().unwrap().to_string_lossy();
        assert!(run.stdout.contains(name.as_ref()), "{}", run.stdout);
    }
    let run = folder.chatlake(&["check", "--json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, &report["ok"]), (4, &false.into()));
}

#[test]
fn there_must_be_a_lake_to_check() {
    Folder::new()
        .chatlake(&["check"])
        .failed(1, "chatlake-data");
}
