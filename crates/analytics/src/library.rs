//! All SQL files by name: what is built into the program, and what a folder puts in its place.
//!
//! Guarantees: every list is sorted by name; everything in it passed the checks of its header.

mod bi;
mod pages;
mod parts;
mod views;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use crate::{Error, PAGE_PARAMETERS, Page, Result, VIEW_PARAMETERS, View};

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Library {
    views: Vec<View>,
    bi: Vec<View>,
    parts: Vec<View>,
    pages: Vec<Page>,
}

#[expect(
    clippy::expect_used,
    reason = "the files are part of the program and a test reads them all"
)]
static BUILT_IN: LazyLock<Arc<Library>> =
    LazyLock::new(|| Arc::new(Library::load().expect("built-in files have valid headers")));

/// The file of this name in a sorted list.
fn by_name<'a, T>(list: &'a [T], name: &str, name_of: impl Fn(&T) -> &str) -> Option<&'a T> {
    let index = list.binary_search_by(|item| name_of(item).cmp(name)).ok()?;
    list.get(index)
}

impl Library {
    /// What is built into the program.
    pub fn built_in() -> &'static Arc<Self> {
        &BUILT_IN
    }

    /// What is built in, with the files of `folder` (`views`, `bi`, `parts`, `pages`, each with files `name.sql`; all may
    /// be missing) added, or in the place of those of the same name.
    ///
    /// # Errors
    /// When a folder or file cannot be read or a header is wrong.
    pub fn with_folder(folder: &Path) -> Result<Self> {
        let mut library = Self::built_in().as_ref().clone();
        let view = |name: &str, text: &str| View::parse(name, text, VIEW_PARAMETERS);
        let part = |name: &str, text: &str| View::parse(name, text, PAGE_PARAMETERS);
        for (name, text) in sql_files(&folder.join("views"))? {
            replace(&mut library.views, view(&name, &text)?, |view| &view.name);
        }
        for (name, text) in sql_files(&folder.join("bi"))? {
            replace(&mut library.bi, view(&name, &text)?, |view| &view.name);
        }
        for (name, text) in sql_files(&folder.join("parts"))? {
            replace(&mut library.parts, part(&name, &text)?, |view| &view.name);
        }
        for (name, text) in sql_files(&folder.join("pages"))? {
            replace(&mut library.pages, Page::parse(&name, &text)?, |page| {
                &page.name
            });
        }
        Ok(library)
    }

    /// The resolved relations of §9.2: the schema `lake`.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// The view of this name.
    pub fn view(&self, name: &str) -> Option<&View> {
        by_name(&self.views, name, |view| &view.name)
    }

    /// Flat relations for tools in which people drag and drop: the schema `bi`.
    pub fn bi(&self) -> &[View] {
        &self.bi
    }

    /// The view of this name in `bi`.
    pub fn bi_view(&self, name: &str) -> Option<&View> {
        by_name(&self.bi, name, |view| &view.name)
    }

    /// Relations that depend on a page's window; pages and other parts read them.
    pub fn parts(&self) -> &[View] {
        &self.parts
    }

    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&View> {
        by_name(&self.parts, name, |view| &view.name)
    }

    /// The table functions of §9.1.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The page of this name.
    pub fn page(&self, name: &str) -> Option<&Page> {
        by_name(&self.pages, name, |page| &page.name)
    }

    fn load() -> Result<Self> {
        let all = |sources: &[(&str, &str)], parameters| -> Result<Vec<View>> {
            sources
                .iter()
                .map(|(name, text)| View::parse(name, text, parameters))
                .collect()
        };
        let pages = pages::SOURCES
            .iter()
            .map(|(name, text)| Page::parse(name, text));
        Ok(Self {
            views: all(views::SOURCES, VIEW_PARAMETERS)?,
            bi: all(bi::SOURCES, VIEW_PARAMETERS)?,
            parts: all(parts::SOURCES, PAGE_PARAMETERS)?,
            pages: pages.collect::<Result<_>>()?,
        })
    }
}

/// Puts `item` into the sorted list, in the place of one of the same name.
fn replace<T>(list: &mut Vec<T>, item: T, name_of: impl Fn(&T) -> &str) {
    match list.binary_search_by(|other| name_of(other).cmp(name_of(&item))) {
        Ok(at) => drop(std::mem::replace(&mut list[at], item)),
        Err(at) => list.insert(at, item),
    }
}

/// Name (without `.sql`) and text of each SQL file in a folder; none when there is no such folder.
fn sql_files(folder: &Path) -> Result<Vec<(String, String)>> {
    let unreadable = |path: &Path, error: std::io::Error| Error::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let is_sql = path.extension().is_some_and(|ending| ending == "sql");
        if let (Some(name), true) = (name, is_sql) {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            files.push((name.to_owned(), text));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
