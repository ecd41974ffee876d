//! What a page is: a table function over one chatbot, with its options, columns and SQL.
//!
//! ```sql
//! -- page: name
//! -- doc: What one row is.
//! -- source: section of the domain specification
//! -- class: entity | analytics
//! -- period: none                              (only where the page has no period)
//! -- argument: name | TYPE | doc               (required; also by position)
//! -- option: name | TYPE | default | doc       (NULL for no default)
//! -- column: name | TYPE | What the values mean.
//! -- extra: name | TYPE | A column that is shown when it is asked for by name.
//! -- key: column, column                       (makes it a listing: sort, paging, total, filters)
//! -- order: -column, column
//! -- search: column, column
//! -- facet: name = column
//! -- filter: name = column
//! -- range: name = column
//! -- example: SELECT … FROM name('cb_1', 'last_7_days');
//! SELECT …
//! ```
//!
//! Guarantees: a [`Page`] obtained from this crate has these lines in this order, names columns that it has, and its SQL
//! uses [`PAGE_PARAMETERS`] and its own options as placeholders.

use crate::header::{Header, is_name};
use crate::{Error, PAGE_PARAMETERS, Result, ViewColumn};

/// Options that every page has, besides its own (domain specification §6, §7).
pub const COMMON_OPTIONS: &[&str] = &["as_of", "columns", "drill", "from", "inbox_id", "to"];

/// Options that every listing has.
pub const LISTING_OPTIONS: &[&str] = &["page", "page_size", "sort"];

/// Who may ask a page, and which ranges it takes (domain specification §4, §9.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageClass {
    /// Any role; default period `this_month`; ranges of any length.
    Entity,
    /// Owner and admin only; default period `last_7_days`; custom ranges of at most 90 days.
    Analytics,
}

/// A table function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Name of the function.
    pub name: String,
    /// What one row is and how it comes about.
    pub doc: String,
    /// Where the definition comes from: sections of the domain specification.
    pub source: String,
    /// Who may ask it.
    pub class: PageClass,
    /// Does it have a period? Without one its windows are those of `all_time`.
    pub has_period: bool,
    /// Its own options; arguments stand first.
    pub options: Vec<PageOption>,
    /// The columns shown by default, in order.
    pub columns: Vec<ViewColumn>,
    /// Columns that the SQL gives after the others, shown only when they are named.
    pub extras: Vec<ViewColumn>,
    /// What makes it a listing.
    pub listing: Option<Listing>,
    /// A statement that shows how to call it.
    pub example: String,
    /// A SELECT statement.
    pub sql: String,
}

/// An option of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOption {
    /// Name in options JSON and as a placeholder.
    pub name: String,
    /// Type of its values.
    pub type_name: String,
    /// The only values that it takes, if not any of its type.
    pub values: Vec<String>,
    /// Is it required (and may be given by position)?
    pub is_argument: bool,
    /// The value when it is left out, as SQL literal text without quotes; `None` for NULL.
    pub default: Option<String>,
    /// What it does.
    pub doc: String,
}

/// How the rows of a page are filtered, sorted and cut into pages of a screen (domain specification §6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Columns that tell rows apart: always shown, and the last things to sort by.
    pub key: Vec<String>,
    /// Sort when none is asked for.
    pub order: Vec<SortColumn>,
    /// Columns in which `search` looks.
    pub search: Vec<String>,
    /// Filters by one of several values.
    pub filters: Vec<Filter>,
    /// Names and columns of inclusive ranges: options `name_min` and `name_max`.
    pub ranges: Vec<(String, String)>,
}

/// A column to sort by; NULL stands last either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// The column.
    pub name: String,
    /// From the largest to the smallest?
    pub is_descending: bool,
}

/// A filter by one of several values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The option.
    pub name: String,
    /// The column that must hold one of its values.
    pub column: String,
    /// Does `facets` offer its values?
    pub is_facet: bool,
}

impl SortColumn {
    /// Reads `column` or `-column`.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.strip_prefix('-') {
            Some(name) => Self {
                name: name.trim().to_owned(),
                is_descending: true,
            },
            None => Self {
                name: text.to_owned(),
                is_descending: false,
            },
        }
    }
}

impl Page {
    /// Reads and checks the text of the file `name` (without `.sql`).
    ///
    /// # Errors
    /// When the header is not as above, or the SQL uses a placeholder that nobody binds.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let mut header = Header::open("page", name, text)?;
        let doc = header.one("doc")?.to_owned();
        let source = header.one("source")?.to_owned();
        let class = match header.one("class")? {
            "entity" => PageClass::Entity,
            "analytics" => PageClass::Analytics,
            other => return Err(header.bad_line("a class `entity` or `analytics`", other)),
        };
        let has_period = match header.optional("period") {
            None => true,
            Some("none") => false,
            Some(other) => return Err(header.bad_line("a period `none` or no such line", other)),
        };
        let mut options = Vec::new();
        for line in header.many("argument") {
            options.push(option(&header, line, true)?);
        }
        for line in header.many("option") {
            options.push(option(&header, line, false)?);
        }
        let columns = header.columns("column")?;
        if columns.is_empty() {
            header.one("column")?;
        }
        let extras = header.columns("extra")?;
        let all = || {
            columns
                .iter()
                .chain(&extras)
                .map(|column| column.name.as_str())
        };
        header.refuse_repeated(all())?;
        let listing = listing(&mut header)?;
        if let Some(listing) = &listing {
            refuse_unknown(&header, listing, all)?;
        }
        let own = || options.iter().map(|option| option.name.as_str());
        header.refuse_repeated(
            option_names(&options, listing.as_ref())
                .iter()
                .map(String::as_str),
        )?;
        let example = header.one("example")?.to_owned();
        let placeholders: Vec<&str> = PAGE_PARAMETERS.iter().copied().chain(own()).collect();
        let sql = header.sql("example", &placeholders)?;
        Ok(Self {
            name: name.to_owned(),
            doc,
            source,
            class,
            has_period,
            options,
            columns,
            extras,
            listing,
            example,
            sql,
        })
    }

    /// The column of this name, shown by default or not.
    pub fn column(&self, name: &str) -> Option<&ViewColumn> {
        self.columns
            .iter()
            .chain(&self.extras)
            .find(|column| column.name == name)
    }

    /// Every option that it takes, in alphabetical order; `custom.<key>` comes on top where it has a column `custom`.
    pub fn option_names(&self) -> Vec<String> {
        option_names(&self.options, self.listing.as_ref())
    }
}

fn option_names(own: &[PageOption], listing: Option<&Listing>) -> Vec<String> {
    let mut names: Vec<String> = COMMON_OPTIONS.iter().map(|&name| name.to_owned()).collect();
    names.extend(own.iter().map(|option| option.name.clone()));
    if let Some(listing) = listing {
        names.extend(LISTING_OPTIONS.iter().map(|&name| name.to_owned()));
        if !listing.search.is_empty() {
            names.push("search".to_owned());
        }
        names.extend(listing.filters.iter().map(|filter| filter.name.clone()));
        for (name, _) in &listing.ranges {
            names.extend([format!("{name}_max"), format!("{name}_min")]);
        }
    }
    names.sort_unstable();
    names
}

/// Reads `name | TYPE | doc` of an argument, `name | TYPE | default | doc` of an option.
fn option(header: &Header<'_>, line: &str, is_argument: bool) -> Result<PageOption> {
    let expected = match is_argument {
        true => "an argument `name | TYPE | doc`",
        false => "an option `name | TYPE | default | doc`",
    };
    let bad = || header.bad_line(expected, line);
    // the values of `TEXT(a|b)` hold the separator too
    let (name, rest) = line.split_once('|').ok_or_else(bad)?;
    let rest = rest.trim();
    let (type_name, values, rest) = match rest.strip_prefix("TEXT(") {
        None => {
            let (type_name, rest) = rest.split_once('|').ok_or_else(bad)?;
            (type_name.trim(), Vec::new(), rest)
        }
        Some(rest) => {
            let (values, rest) = rest.split_once(')').ok_or_else(bad)?;
            let values = values.split('|').map(|value| value.trim().to_owned());
            let rest = rest.trim().strip_prefix('|').ok_or_else(bad)?;
            ("TEXT", values.collect(), rest)
        }
    };
    let (default, doc) = match is_argument {
        true => ("NULL", rest),
        false => rest.split_once('|').ok_or_else(bad)?,
    };
    let (name, default, doc) = (name.trim(), default.trim(), doc.trim());
    if !is_name(name) || doc.is_empty() || default.is_empty() {
        return Err(bad());
    }
    header.known_type(type_name)?;
    Ok(PageOption {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        values,
        is_argument,
        default: (default != "NULL").then(|| default.to_owned()),
        doc: doc.to_owned(),
    })
}

/// Reads the lines that make a page a listing.
fn listing(header: &mut Header<'_>) -> Result<Option<Listing>> {
    let Some(key) = header.optional("key") else {
        return Ok(None);
    };
    let names = |text: &str| -> Vec<String> {
        text.split(',').map(|name| name.trim().to_owned()).collect()
    };
    let order = header.optional("order").unwrap_or_default();
    let search = header.optional("search").map(names).unwrap_or_default();
    let mut filters = Vec::new();
    for (word, is_facet) in [("facet", true), ("filter", false)] {
        for line in header.many(word) {
            let (name, column) = pair(header, line)?;
            filters.push(Filter {
                name,
                column,
                is_facet,
            });
        }
    }
    let ranges = header.many("range");
    let ranges = ranges.into_iter().map(|line| pair(header, line));
    Ok(Some(Listing {
        key: names(key),
        order: order
            .split(',')
            .filter(|name| !name.trim().is_empty())
            .map(SortColumn::parse)
            .collect(),
        search,
        filters,
        ranges: ranges.collect::<Result<_>>()?,
    }))
}

/// Reads `name = column`.
fn pair(header: &Header<'_>, line: &str) -> Result<(String, String)> {
    let pair = line
        .split_once('=')
        .map(|(name, column)| (name.trim(), column.trim()));
    match pair {
        Some((name, column)) if is_name(name) => Ok((name.to_owned(), column.to_owned())),
        _ => Err(header.bad_line("`name = column`", line)),
    }
}

/// Refuses a listing that speaks of a column which the page does not have.
fn refuse_unknown<'a, I: Iterator<Item = &'a str>>(
    header: &Header<'_>,
    listing: &Listing,
    columns: impl Fn() -> I,
) -> Result<()> {
    let sorted = listing.order.iter().map(|column| &column.name);
    let filtered = listing.filters.iter().map(|filter| &filter.column);
    let ranged = listing.ranges.iter().map(|(_, column)| column);
    let named = listing.key.iter().chain(&listing.search).chain(sorted);
    for name in named.chain(filtered).chain(ranged) {
        if !columns().any(|column| column == name) {
            return Err(Error::UnknownColumn {
                what: header.what.clone(),
                found: name.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
