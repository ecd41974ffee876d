//! Which files an export has, and what each of them asks its page for.
//!
//! Guarantees: the first file has the rows of the page that was asked for; the second, if there is one, has the days of the
//! same chatbot, period and filters. A daily series gets the options that it knows; what says how the *first* table is
//! shown (`columns`, sorting, paging) is none of them.

use chatlake_analytics::Library;
use serde_json::{Map, Value};

use super::ExportRequest;
use super::format::ExportFormat;
use crate::pages::{FACETS, PageCall, json_object};
use crate::{Error, Result};

/// The option of an export that is no option of the page: text in CSV as it is, whatever a spreadsheet makes of it.
const RAW: &str = "raw";

/// Daily series whose name is not the page's with `_daily` behind.
const OTHER_SERIES: [(&str, &str); 2] = [
    ("analytics_credit_usage", "analytics_credit_history"),
    ("sentiment_distribution", "sentiment_trend"),
];

/// Options that say how one table is shown, and mean nothing to another one.
const OF_ONE_TABLE: [&str; 5] = ["columns", "drill", "page", "page_size", "sort"];

/// One file: a page and what it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FileCall {
    /// A name for the file.
    pub(super) file_name: String,
    /// The page's function.
    pub(super) page: String,
    /// The chatbot that it is about.
    pub(super) chatbot_id: String,
    /// The period; none for the page's default.
    pub(super) period: Option<String>,
    /// Options of the page.
    pub(super) options: Map<String, Value>,
    /// How the file is written.
    pub(super) format: ExportFormat,
    /// Whether text that looks like a formula stays as it is.
    pub(super) is_raw: bool,
}

impl FileCall {
    /// The call of the page.
    pub(super) fn page_call(&self) -> PageCall {
        let mut named = self.options.clone();
        named.insert("chatbot_id".to_owned(), self.chatbot_id.as_str().into());
        if let Some(period) = &self.period {
            named.insert("period".to_owned(), period.as_str().into());
        }
        PageCall {
            name: self.page.clone(),
            named,
            ..PageCall::default()
        }
    }

    /// Is a listing wanted whole?
    pub(super) fn wants_all_rows(&self) -> bool {
        let is_paging = |name: &str| self.options.contains_key(name);
        !is_paging("page") && !is_paging("page_size")
    }
}

/// The files of an export.
///
/// # Errors
/// When there is no such page, or the options are no JSON object.
pub(super) fn file_calls(library: &Library, request: &ExportRequest) -> Result<Vec<FileCall>> {
    if library.page(&request.page).is_none() && request.page != FACETS {
        return Err(bad_value("page", "the name of a page", &request.page));
    }
    let mut options = read_options(request.options.as_deref())?;
    let is_raw = match options.remove(RAW) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(is_raw)) => is_raw,
        Some(other) => return Err(bad_value(RAW, "true or false", &other.to_string())),
    };
    for name in ["chatbot_id", "period"] {
        if options.contains_key(name) {
            return Err(Error::Sql(format!(
                "bad_value:{name}: expected it once, found it among the options too"
            )));
        }
    }
    let call = |page: &str, file: &str, options| FileCall {
        file_name: [file, ".", request.format.as_str()].concat(),
        page: page.to_owned(),
        chatbot_id: request.chatbot_id.clone(),
        period: request.period.clone(),
        options,
        format: request.format,
        is_raw,
    };
    if options.get("drill") == Some(&Value::Bool(true)) {
        let file = [&request.page, "_drill"].concat();
        return Ok(vec![call(&request.page, &file, options)]);
    }
    let mut calls = Vec::with_capacity(2);
    let series = series_of(library, &request.page);
    let series = series.map(|(name, known)| call(&name, &name, known_options(&options, &known)));
    calls.push(call(&request.page, &request.page, options));
    calls.extend(series);
    Ok(calls)
}

/// Name and options of the daily series of a page.
fn series_of(library: &Library, page: &str) -> Option<(String, Vec<String>)> {
    let other = OTHER_SERIES.iter().find(|(owner, _)| *owner == page);
    let name = other.map_or_else(|| [page, "_daily"].concat(), |(_, name)| (*name).to_owned());
    let series = library.page(&name)?;
    let needs_more = series.options.iter().any(|option| option.is_argument);
    (!needs_more).then(|| (name, series.option_names()))
}

fn known_options(options: &Map<String, Value>, known: &[String]) -> Map<String, Value> {
    let passes =
        |name: &str| known.iter().any(|each| each == name) && !OF_ONE_TABLE.contains(&name);
    options
        .iter()
        .filter(|(name, _)| passes(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn read_options(text: Option<&str>) -> Result<Map<String, Value>> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(Map::new());
    };
    json_object(text).ok_or_else(|| bad_value("options", "a JSON object", text))
}

pub(super) fn bad_value(name: &'static str, expected: &'static str, found: &str) -> Error {
    let error = chatlake_functions::Error::bad_value(name, expected, found);
    Error::Sql(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library with a page `things`, its series `things_daily` and a page `lone`.
    fn library() -> Library {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pages")).unwrap();
        for (name, option) in [
            ("lone", ""),
            (
                "things",
                "-- option: kind | TEXT | NULL | Kind.\n-- option: depth | BIGINT | 3 | Depth.\n",
            ),
            ("things_daily", "-- option: kind | TEXT | NULL | Kind.\n"),
            ("needy", ""),
            ("needy_daily", "-- argument: agent_id | TEXT | Agent.\n"),
        ] {
            let page = format!(
                "-- page: {name}\n-- doc: Things.\n-- source: spec\n-- class: entity\n{option}\
                 -- column: id | TEXT | Id.\n-- example: SELECT id FROM {name}('cb_1', 'today');\n\
                 SELECT id FROM things\n"
            );
            std::fs::write(folder.path().join(format!("pages/{name}.sql")), page).unwrap();
        }
        Library::with_folder(folder.path()).unwrap()
    }

    fn calls(page: &str, options: Option<&str>) -> Result<Vec<FileCall>> {
        let request = ExportRequest {
            page: page.to_owned(),
            chatbot_id: "cb_1".to_owned(),
            period: Some("last_7_days".to_owned()),
            options: options.map(str::to_owned),
            format: ExportFormat::Csv,
        };
        file_calls(&library(), &request)
    }

    fn names(page: &str, options: Option<&str>) -> Vec<String> {
        let calls = calls(page, options).unwrap();
        calls.into_iter().map(|call| call.file_name).collect()
    }

    #[test]
    fn a_page_has_its_daily_series_as_a_second_file() {
        assert_eq!(names("things", None), ["things.csv", "things_daily.csv"]);
        assert_eq!(names("things_daily", None), ["things_daily.csv"]);
        assert_eq!(names("lone", Some(" ")), ["lone.csv"]);
        assert_eq!(names("needy", None), ["needy.csv"]);
        assert_eq!(
            names("things", Some(r#"{"drill":true}"#)),
            ["things_drill.csv"]
        );
    }

    #[test]
    fn the_series_gets_the_options_that_it_knows() {
        let options = r#"{"raw":true,"kind":"a","depth":1,"inbox_id":"i","columns":["id"],"from":"2026-03-01"}"#;
        let calls = calls("things", Some(options)).unwrap();
        let names = |index: usize| -> Vec<String> {
            let call: &FileCall = &calls[index];
            assert!(call.is_raw && call.wants_all_rows());
            assert_eq!(call.period.as_deref(), Some("last_7_days"));
            call.options.keys().cloned().collect()
        };
        assert_eq!(names(0), ["columns", "depth", "from", "inbox_id", "kind"]);
        assert_eq!(names(1), ["from", "inbox_id", "kind"]);
    }

    #[test]
    fn one_page_of_a_listing_is_exported_when_it_is_asked_for() {
        for (options, all) in [
            (r#"{"sort":"-id"}"#, true),
            (r#"{"page":2}"#, false),
            (r#"{"page_size":10}"#, false),
        ] {
            assert_eq!(
                calls("lone", Some(options)).unwrap()[0].wants_all_rows(),
                all
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (page, options, expected) in [
            (
                "nope",
                None,
                "bad_value:page: expected the name of a page, found `nope`",
            ),
            (
                "lone",
                Some("[1]"),
                "bad_value:options: expected a JSON object, found `[1]`",
            ),
            (
                "lone",
                Some("{"),
                "bad_value:options: expected a JSON object, found `{`",
            ),
            (
                "lone",
                Some(r#"{"period":"today"}"#),
                "bad_value:period: expected it once, found it among the options too",
            ),
            (
                "lone",
                Some(r#"{"raw":"yes"}"#),
                "bad_value:raw: expected true or false, found `\"yes\"`",
            ),
        ] {
            assert_eq!(calls(page, options).unwrap_err().to_string(), expected);
        }
    }
}
