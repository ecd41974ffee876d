//! The rules of the house that a program can check; each failure says which file breaks which rule.
//!
//! Guarantees: what ARCHITECTURE.md and CONTRIBUTING.md say about rooms, files and lists is true.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

#[path = "tidy/lists.rs"]
mod lists;

use std::collections::{BTreeMap, BTreeSet};

use chatlake_tests::house::{self, SourceFile};

/// Longest file, in lines without its unit tests.
const FILE_LINES_MAX: usize = 500;
/// Longest inline test module; a longer one moves to `foo/tests.rs`. CONTRIBUTING says 100: a few more are not worth a move.
const UNIT_TEST_LINES_MAX: usize = 130;
/// Files that were longer when the rule came, with their length then. Entries only shrink and go.
const LONG_FILES: [(&str, usize); 0] = [];

/// Crates of which two versions in one program do not exchange data.
const ONE_VERSION_EACH: [&str; 11] = [
    "arrow",
    "arrow-array",
    "arrow-flight",
    "arrow-schema",
    "datafusion",
    "delta_kernel",
    "object_store",
    "parquet",
    "prost",
    "tokio",
    "tonic",
];

fn none_of(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

fn rust_files() -> Vec<SourceFile> {
    house::files("", &[".rs"])
}

/// Does the file only hold tests? Those may play another room, and their SQL is no user's.
fn is_test(file: &SourceFile) -> bool {
    file.path.contains("/tests/") || file.path.ends_with("/tests.rs")
}

/// Room name → names of all crates it depends on, in whatever section.
fn declared_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifests = house::files("", &["Cargo.toml"]);
    let rooms = manifests.iter().filter(|file| file.path != "Cargo.toml");
    rooms
        .map(|file| (room_of(&file.path), dependencies_of(file)))
        .collect()
}

fn room_of(path: &str) -> String {
    let path = path.strip_prefix("crates/").unwrap_or(path);
    path.split('/').next().unwrap_or_default().to_owned()
}

fn dependencies_of(manifest: &SourceFile) -> BTreeSet<String> {
    let table: toml::Table = manifest.text.parse().expect("a manifest is TOML");
    let mut found = BTreeSet::new();
    collect_dependencies(&table, &mut found);
    found
}

/// `[dependencies]`, `[dev-dependencies]`, `[build-dependencies]`, and the same below `[target.…]`.
fn collect_dependencies(table: &toml::Table, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            found.extend(inner.keys().cloned());
        } else if key == "target" {
            inner
                .values()
                .filter_map(toml::Value::as_table)
                .for_each(|each| collect_dependencies(each, found));
        }
    }
}

/// The room behind one of our crate names.
fn room_of_crate(name: &str) -> Option<&str> {
    if name == "chatlake" {
        Some(name)
    } else {
        name.strip_prefix("chatlake-")
    }
}

#[test]
fn rooms_use_only_the_rooms_that_architecture_allows() {
    let allowed: BTreeMap<_, _> = house::architecture_block("arrows").into_iter().collect();
    let declared = declared_dependencies();
    let mut broken: Vec<String> = Vec::new();
    for (room, dependencies) in &declared {
        let Some(allowed) = allowed.get(room) else {
            broken.push(format!(
                "`{room}` has no line in the block `arrows` of ARCHITECTURE.md"
            ));
            continue;
        };
        let ours = dependencies.iter().filter_map(|name| room_of_crate(name));
        broken.extend(
            ours.filter(|used| !allowed.iter().any(|name| name == used))
                .map(|used| format!("`{room}` uses `{used}`")),
        );
    }
    let gone = allowed.keys().filter(|room| !declared.contains_key(*room));
    broken.extend(
        gone.map(|room| format!("`{room}` is in ARCHITECTURE.md, but there is no such room")),
    );
    none_of(
        "an arrow between rooms that ARCHITECTURE.md does not allow",
        broken,
    );
}

#[test]
fn arrows_make_no_circle() {
    let mut above: BTreeSet<String> = BTreeSet::new();
    for (room, uses) in house::architecture_block("arrows") {
        for used in uses {
            assert!(
                above.contains(&used),
                "`{room}` names `{used}`, which does not stand above it in the block"
            );
        }
        above.insert(room);
    }
}

#[test]
fn outside_crates_stay_in_the_room_they_belong_to() {
    let mut broken = Vec::new();
    for (name, rooms) in house::architecture_block("only") {
        for (room, dependencies) in declared_dependencies() {
            if dependencies.contains(&name) && !rooms.contains(&room) {
                broken.push(format!(
                    "`{room}` uses `{name}`, which belongs to {}",
                    rooms.join(", ")
                ));
            }
        }
    }
    none_of("a crate used outside of its room", broken);
}

#[test]
fn only_storage_writes_parquet_files_of_the_lake() {
    let may_write = [
        "crates/storage/",
        "crates/chatlake/src/export/",
        // a temporary file for a bulk load
        "crates/chatlake/src/session/ingest.rs",
        "tests/",
        "benches/",
    ];
    let writers = ["ArrowWriter", "SerializedFileWriter", "ArrowColumnWriter"];
    let files = rust_files()
        .into_iter()
        .filter(|file| !may_write.iter().any(|room| file.path.starts_with(room)));
    let broken = files.filter(|file| !is_test(file)).filter(|file| {
        file.code_lines()
            .any(|line| writers.iter().any(|writer| line.contains(writer)))
    });
    none_of(
        "a Parquet writer outside of `storage`",
        broken.map(|file| file.path).collect(),
    );
}

#[test]
fn the_data_plane_has_one_version_of_each_crate() {
    let lock: toml::Table = house::read("Cargo.lock")
        .parse()
        .expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("packages");
    let names: Vec<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let count = |name: &str| names.iter().filter(|each| **each == name).count();
    let broken = ONE_VERSION_EACH
        .iter()
        .filter(|name| count(name) > 1)
        .map(|name| format!("`{name}`"));
    none_of(
        "two versions of a crate whose types must meet",
        broken.collect(),
    );
}

#[test]
fn every_file_says_what_it_is() {
    let broken = rust_files()
        .into_iter()
        .filter(|file| !file.text.starts_with("//! "));
    none_of(
        "a file that does not open with `//! `",
        broken.map(|file| file.path).collect(),
    );
}

#[test]
fn files_stay_short() {
    let mut broken = Vec::new();
    for file in rust_files() {
        let lines = file.code_lines().count();
        let known = LONG_FILES.iter().find(|(path, _)| *path == file.path);
        let limit = known.map_or(FILE_LINES_MAX, |(_, limit)| *limit);
        if lines > limit {
            broken.push(format!("{}: {lines} lines, at most {limit}", file.path));
        }
        let tests = file.unit_test_line_count();
        if tests > UNIT_TEST_LINES_MAX {
            broken.push(format!(
                "{}: {tests} lines of unit tests, at most {UNIT_TEST_LINES_MAX}",
                file.path
            ));
        }
        if known.is_some() && lines <= FILE_LINES_MAX {
            broken.push(format!(
                "{}: is short enough now, take it off the list",
                file.path
            ));
        }
    }
    none_of("a file that is too long", broken);
}

#[test]
fn modules_are_named_by_their_file() {
    let broken = rust_files()
        .into_iter()
        .filter(|file| file.path.ends_with("/mod.rs"));
    none_of(
        "`mod.rs` instead of `foo.rs` + `foo/`",
        broken.map(|file| file.path).collect(),
    );
}

#[test]
fn no_sql_is_built_in_rust() {
    let keywords = [
        "SELECT ", "WITH ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "DROP ", "COPY ",
    ];
    let builders = ["format!(", "write!(", "push_str("];
    let mut broken = Vec::new();
    let files = house::files("crates", &[".rs"]);
    for file in files.into_iter().filter(|file| !is_test(file)) {
        let code: String = file.code_lines().flat_map(|line| [line, "\n"]).collect();
        for builder in builders {
            for (start, _) in code.match_indices(builder) {
                let argument = code[start + builder.len()..]
                    .split('"')
                    .nth(1)
                    .unwrap_or_default()
                    .trim_start();
                if keywords.iter().any(|keyword| argument.starts_with(keyword)) {
                    let line = code[..start].lines().count();
                    broken.push(format!(
                        "{}:{line}: {builder}\"{}…",
                        file.path,
                        argument.lines().next().unwrap()
                    ));
                }
            }
        }
    }
    none_of("SQL text put together in Rust", broken);
}

#[test]
fn no_test_is_skipped_by_attribute_or_waits_by_sleeping() {
    let banned = [
        concat!("#[ign", "ore"),
        concat!("thread::", "sleep"),
        concat!("time::", "sleep("),
    ];
    let mut broken = Vec::new();
    for file in rust_files() {
        for (number, line) in file.text.lines().enumerate() {
            if let Some(found) = banned.iter().find(|word| line.contains(**word)) {
                broken.push(format!("{}:{}: `{found}`", file.path, number + 1));
            }
        }
    }
    none_of("an ignored test or a sleep", broken);
}

#[test]
fn no_path_of_a_machine_is_in_the_tree() {
    let folders =
        ["work", "root", "tmp", "farm", "home", "Users"].map(|folder| format!("/{folder}/"));
    let endings = [
        ".rs", ".toml", ".md", ".sql", ".slt", ".py", ".sh", ".yml", ".yaml", "run",
    ];
    let mut broken = Vec::new();
    for file in house::files("", &endings) {
        for (number, line) in file.text.lines().enumerate() {
            for folder in &folders {
                let named = line.match_indices(folder.as_str()).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    let after = line[at + folder.len()..].chars().next();
                    after.is_some_and(char::is_alphanumeric)
                        && !before.is_some_and(|c| c.is_alphanumeric() || c == '.')
                });
                if named {
                    broken.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
                }
            }
        }
    }
    none_of("a path of somebody's machine", broken);
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let readme = house::read("README.md");
    let commands: BTreeSet<&str> = readme
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("cargo test"))
        .collect();
    let [command] = commands.iter().copied().collect::<Vec<_>>()[..] else {
        panic!("the README names one test command, found {commands:?}");
    };
    assert!(
        house::read(".ci/run").contains(command),
        ".ci/run does not call `{command}`"
    );
}
