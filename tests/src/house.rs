//! The checkout as the tests see it: where it is, which files it has, what ARCHITECTURE.md declares.
//!
//! Guarantees: files come in a stable order; build output, virtual environments and lakes are not part of the house.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders and files that git ignores or keeps for itself.
const NOT_OF_THE_HOUSE: [&str; 5] = [".git", ".venv", "__pycache__", "chatlake-data", "target"];

/// The root of the checkout.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the package stands in the workspace")
        .to_owned()
}

/// The folder of fixtures, `tests/data`.
pub fn data() -> PathBuf {
    root().join("tests/data")
}

/// An environment variable that changes what a test run does, not what holds.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the tests read the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Should expected results be rewritten instead of compared (`CHATLAKE_BLESS=1`)?
pub fn is_blessing() -> bool {
    environment("CHATLAKE_BLESS").is_some_and(|value| value == "1")
}

/// One text file of the house.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path from the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl SourceFile {
    /// Lines that are code: all up to the unit tests at the bottom.
    pub fn code_lines(&self) -> impl Iterator<Item = &str> {
        let end = self.unit_tests_start().unwrap_or(usize::MAX);
        self.text.lines().take(end)
    }

    /// How many lines stand inside the unit test module at the bottom.
    pub fn unit_test_line_count(&self) -> usize {
        let frame_line_count = 3; // the attribute, `mod tests {` and `}`
        let rest = self.text.lines().count() - self.code_lines().count();
        rest.saturating_sub(frame_line_count)
    }

    /// Index of the line that opens the inline test module.
    fn unit_tests_start(&self) -> Option<usize> {
        let lines: Vec<&str> = self.text.lines().collect();
        lines
            .windows(2)
            .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with("mod tests {"))
    }
}

/// Every text file of the house below `folder` (`""` = all) whose name ends in one of `endings`.
pub fn files(folder: &str, endings: &[&str]) -> Vec<SourceFile> {
    let mut found = Vec::new();
    collect(&root().join(folder), endings, &mut found);
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<SourceFile>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a folder of the house can be read").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if NOT_OF_THE_HOUSE.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, endings, found);
        } else if endings.iter().any(|ending| name.ends_with(ending))
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path.strip_prefix(root()).expect("below the root");
            found.push(SourceFile {
                path: path.to_string_lossy().replace('\\', "/"),
                text,
            });
        }
    }
}

/// The text of one file of the house.
pub fn read(path: &str) -> String {
    let full = root().join(path);
    fs::read_to_string(&full).unwrap_or_else(|error| panic!("`{path}` of the house: {error}"))
}

/// The `key: word word …` lines of a fenced block of ARCHITECTURE.md, in order.
pub fn architecture_block(name: &str) -> Vec<(String, Vec<String>)> {
    let text = read("ARCHITECTURE.md");
    let opening = format!("```{name}");
    let lines = text.lines().skip_while(|line| *line != opening).skip(1);
    let block: Vec<_> = lines
        .take_while(|line| *line != "```")
        .map(|line| {
            let (key, words) = line.split_once(':').expect("`key: words` in the block");
            (
                key.to_owned(),
                words.split_whitespace().map(str::to_owned).collect(),
            )
        })
        .collect();
    assert!(!block.is_empty(), "ARCHITECTURE.md has no block `{name}`");
    block
}
