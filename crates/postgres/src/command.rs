//! What a statement's text asks for: something of the connection, something that is refused, or rows from the engine.
//!
//! 1. The first word decides. Most statements begin with a word that is not known here and go to the engine as they are.
//! 2. The rest of a known one is read by words: `SET name TO value`, `FETCH 10 FROM cursor`, …
//!
//! Guarantees: a statement that would change something is refused by its first word; whatever else the engine refuses to run stays
//! refused there.

mod words;

use words::{Word, words};

use crate::error::{Error, Result};

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Begin a transaction; the tag to answer with.
    Begin(&'static str),
    /// End it.
    Commit,
    /// End it without effect.
    Rollback,
    /// `SAVEPOINT`, `RELEASE`: nothing is there to be saved; the tag to answer with.
    Savepoint(&'static str),
    /// Back to a savepoint: the transaction is good again.
    RollbackTo,
    /// A setting gets a value.
    Set(String, String),
    /// `SET TRANSACTION`: every transaction is the same here.
    SetTransaction,
    /// A setting goes back to its default.
    Reset(String),
    /// All of them do.
    ResetAll,
    /// A setting's value.
    Show(String),
    /// The connection as it was at the beginning.
    DiscardAll,
    /// A prepared statement is forgotten; all of them without a name.
    Deallocate(Option<String>),
    /// A cursor over a query's text.
    Declare(String, String),
    /// So many rows of a cursor; all that are left without a number.
    Fetch(Option<usize>, String),
    /// A running query is stopped.
    Kill,
    /// A cursor is closed; all of them without a name.
    Close(Option<String>),
    /// Rows from the engine.
    Query,
}

/// First words of statements that change something.
const CHANGES: [&str; 24] = [
    "alter",
    "analyze",
    "call",
    "checkpoint",
    "cluster",
    "comment",
    "copy",
    "create",
    "delete",
    "do",
    "drop",
    "grant",
    "import",
    "insert",
    "lock",
    "merge",
    "notify",
    "reassign",
    "refresh",
    "reindex",
    "revoke",
    "truncate",
    "update",
    "vacuum",
];

/// What an engine's variable is called, by what follows `SET`.
pub(crate) fn is_of_engine(name: &str) -> bool {
    name.starts_with("chatlake.") || name == TIME_ZONE
}

/// The engine's variable for the zone of instants.
pub(crate) const TIME_ZONE: &str = "timezone";

impl Command {
    /// Sorts one statement.
    ///
    /// # Errors
    /// 25006 when it would change something; 42601 or 0A000 when the rest of a known command is not what is known here.
    pub(crate) fn of(text: &str) -> Result<Self> {
        let first = words::first(text).to_ascii_lowercase();
        if CHANGES.contains(&first.as_str()) {
            return Err(read_only(&first));
        }
        let all = || words(text);
        match first.as_str() {
            "begin" => Ok(Self::Begin("BEGIN")),
            "start" => Ok(Self::Begin("START TRANSACTION")),
            "commit" | "end" => Ok(Self::Commit),
            "rollback" | "abort" => rollback(&all()?),
            "savepoint" => Ok(Self::Savepoint("SAVEPOINT")),
            "release" => Ok(Self::Savepoint("RELEASE")),
            "set" => set(&all()?),
            "reset" => reset(&all()?),
            "show" => show(&all()?),
            "discard" => Ok(Self::DiscardAll),
            "deallocate" => named(&all()?, "prepare").map(Self::Deallocate),
            "declare" => declare(text, &all()?),
            "fetch" => fetch(&all()?),
            "close" => named(&all()?, "").map(Self::Close),
            "kill" => Ok(Self::Kill),
            "move" | "prepare" | "execute" => Err(Error::sql(
                "0A000",
                format!(
                    "{} is not supported in SQL here",
                    first.to_ascii_uppercase()
                ),
            )),
            _ => Ok(Self::Query),
        }
    }

    /// Does it run in a transaction that has failed?
    pub(crate) fn ends_failure(&self) -> bool {
        matches!(self, Self::Commit | Self::Rollback | Self::RollbackTo)
    }
}

/// The refusal of a statement that would change something.
pub(crate) fn read_only(what: &str) -> Error {
    let what = what.to_ascii_uppercase();
    Error::sql(
        "25006",
        format!("cannot execute {what} in a read-only transaction: this door only reads"),
    )
}

fn syntax(what: &str) -> Error {
    Error::sql("42601", format!("syntax error in {what}"))
}

fn rollback(words: &[Word]) -> Result<Command> {
    let to = words.iter().any(|word| word.is("to"));
    if words.iter().any(|word| word.is("prepared")) {
        return Err(Error::sql("0A000", "two-phase commits are not supported"));
    }
    Ok(if to {
        Command::RollbackTo
    } else {
        Command::Rollback
    })
}

fn set(words: &[Word]) -> Result<Command> {
    let rest = match &words[1..] {
        [scope, rest @ ..] if scope.is("session") || scope.is("local") => rest,
        rest => rest,
    };
    let (name, values) = match rest {
        [first, ..] if first.is("characteristics") || first.is("transaction") => {
            return Ok(Command::SetTransaction);
        }
        [role, ..] if role.is("role") || role.is("constraints") => {
            return Err(Error::sql(
                "0A000",
                "roles and constraints are not set here",
            ));
        }
        [authorization, ..] if authorization.is("authorization") => {
            return Err(Error::sql("0A000", "connect again to be somebody else"));
        }
        [time, zone, values @ ..] if time.is("time") && zone.is("zone") => {
            (TIME_ZONE.to_owned(), values)
        }
        [names, values @ ..] if names.is("names") => ("client_encoding".to_owned(), values),
        [name, sign, values @ ..] if sign.is("to") || sign.is("=") => (name.name(), values),
        _ => return Err(syntax("SET")),
    };
    let is_default = matches!(values, [value] if value.is("default"));
    if values.is_empty() {
        return Err(syntax("SET"));
    }
    if is_default || (name == TIME_ZONE && matches!(values, [local] if local.is("local"))) {
        return Ok(Command::Reset(name));
    }
    let value: Vec<&str> = values
        .iter()
        .filter(|word| !word.is(","))
        .map(Word::text)
        .collect();
    Ok(Command::Set(name, value.join(", ")))
}

fn reset(words: &[Word]) -> Result<Command> {
    match &words[1..] {
        [all] if all.is("all") => Ok(Command::ResetAll),
        [time, zone] if time.is("time") && zone.is("zone") => {
            Ok(Command::Reset(TIME_ZONE.to_owned()))
        }
        [name] => Ok(Command::Reset(name.name())),
        _ => Err(syntax("RESET")),
    }
}

/// `SHOW TABLES` and the like are questions to the engine.
fn show(words: &[Word]) -> Result<Command> {
    match &words[1..] {
        [time, zone] if time.is("time") && zone.is("zone") => {
            Ok(Command::Show(TIME_ZONE.to_owned()))
        }
        [transaction, isolation, level]
            if transaction.is("transaction") && isolation.is("isolation") && level.is("level") =>
        {
            Ok(Command::Show("transaction_isolation".to_owned()))
        }
        [name] if crate::settings::Settings::knows(&name.name()) || is_of_engine(&name.name()) => {
            Ok(Command::Show(name.name()))
        }
        _ => Ok(Command::Query),
    }
}

/// `VERB [noise] {name | ALL}`.
fn named(words: &[Word], noise: &str) -> Result<Option<String>> {
    let rest = match &words[1..] {
        [first, rest @ ..] if !noise.is_empty() && first.is(noise) => rest,
        rest => rest,
    };
    match rest {
        [all] if all.is("all") => Ok(None),
        [name] => Ok(Some(name.name())),
        _ => Err(syntax(&words[0].text().to_ascii_uppercase())),
    }
}

/// `DECLARE name [BINARY] [INSENSITIVE] [NO SCROLL] CURSOR [{WITH | WITHOUT} HOLD] FOR query`.
fn declare(text: &str, words: &[Word]) -> Result<Command> {
    let name = words.get(1).ok_or_else(|| syntax("DECLARE"))?;
    let cursor = words.iter().position(|word| word.is("cursor"));
    let options = cursor
        .and_then(|cursor| words.get(2..cursor))
        .ok_or_else(|| syntax("DECLARE"))?;
    let says = |option: &str| options.iter().any(|word| word.is(option));
    if says("binary") || (says("scroll") && !says("no")) {
        return Err(Error::sql(
            "0A000",
            "a cursor here runs forward and gives text",
        ));
    }
    let query = words
        .iter()
        .find(|word| word.is("for"))
        .ok_or_else(|| syntax("DECLARE"))?;
    let query = text[query.end()..].trim();
    let first = words::first(query).to_ascii_lowercase();
    if !["select", "table", "values", "with"].contains(&first.as_str()) {
        return Err(Error::sql("42601", "expected a query after FOR"));
    }
    Ok(Command::Declare(name.name(), query.to_owned()))
}

/// `FETCH [NEXT | [FORWARD] [count | ALL]] [FROM | IN] name`.
fn fetch(words: &[Word]) -> Result<Command> {
    let [directions @ .., name] = &words[1..] else {
        return Err(syntax("FETCH"));
    };
    let mut count = Some(1);
    for word in directions {
        if word.is("next") || word.is("forward") || word.is("from") || word.is("in") {
            continue;
        }
        count = match word.text().parse() {
            Ok(number) => Some(number),
            Err(_) if word.is("all") => None,
            Err(_) => return Err(Error::sql("55000", "a cursor here runs forward only")),
        };
    }
    Ok(Command::Fetch(count, name.name()))
}

#[cfg(test)]
mod tests;
