//! Which statements run here: reading, `EXPLAIN`, `DESCRIBE`, `SET` / `RESET` / `SHOW` of the session's
//! variables, `KILL`, and changes of scratch tables.

use datafusion::config::Dialect;
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::{DFParserBuilder, Statement as EngineStatement};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::dialect_from_str;

use crate::{Error, Result};

/// SQL text longer than this is refused before it is parsed, in bytes.
const SQL_BYTES_MAX: usize = 4 << 20;

/// A statement, sorted by who answers it.
pub(super) enum Statement {
    /// The engine.
    Read(Box<EngineStatement>),
    /// The session: a variable gets a value.
    Set { name: String, value: String },
    /// The session: a variable goes back to its default.
    Reset { name: String },
    /// The session: a variable's value.
    Show { name: String },
    /// The session: a query is stopped.
    Kill { id: String },
}

/// Reads exactly one statement.
pub(super) fn parse(state: &SessionState, sql: &str) -> Result<Statement> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(Error::Limit(format!(
            "expected SQL text of at most {SQL_BYTES_MAX} bytes, found {}",
            sql.len()
        )));
    }
    if let Some(id) = killed(sql) {
        return Ok(Statement::Kill { id: id? });
    }
    let options = &state.config_options().sql_parser;
    let dialect = dialect_from_str(Dialect::as_ref(&options.dialect))
        .ok_or_else(|| Error::Internal("the SQL dialect is unknown".to_owned()))?;
    let mut statements = DFParserBuilder::new(sql)
        .with_dialect(dialect.as_ref())
        .with_recursion_limit(options.recursion_limit.get())
        .build()?
        .parse_statements()?;
    let statement = match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => statement,
        (None, _) => return Err(Error::Sql("expected a statement, found none".to_owned())),
        (Some(_), more) => {
            return Err(Error::Sql(format!(
                "expected one statement, found {}",
                more + 1
            )));
        }
    };
    Ok(match &statement {
        EngineStatement::Statement(inner) => match inner.as_ref() {
            ast::Statement::Set(set) => set_statement(set)?,
            ast::Statement::Reset(ast::ResetStatement {
                reset: ast::Reset::ConfigurationParameter(name),
            }) => Statement::Reset {
                name: object_name(name),
            },
            ast::Statement::ShowVariable { variable } if !is_all(variable) => {
                let name = variable
                    .iter()
                    .map(|part| part.value.clone())
                    .collect::<Vec<_>>()
                    .join(".");
                Statement::Show { name }
            }
            _ => Statement::Read(Box::new(statement)),
        },
        EngineStatement::Reset(_) => match statement {
            EngineStatement::Reset(reset) => Statement::Reset {
                name: reset.to_string().trim_start_matches("RESET ").to_owned(),
            },
            other => Statement::Read(Box::new(other)),
        },
        _ => Statement::Read(Box::new(statement)),
    })
}

/// The id in `KILL 'id'`; the parser knows only numbers there.
fn killed(sql: &str) -> Option<Result<String>> {
    let mut words = sql.trim().trim_end_matches(';').split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("kill") {
        return None;
    }
    let rest: Vec<&str> = words.collect();
    let id = match rest.as_slice() {
        [query, id] if query.eq_ignore_ascii_case("query") => Some(*id),
        [id] => Some(*id),
        _ => None,
    };
    let id = id.and_then(|id| id.strip_prefix('\'')?.strip_suffix('\''));
    let expected = "expected the id of a query in quotes, such as KILL 'q17'";
    Some(id.map_or_else(
        || Err(Error::Sql(expected.to_owned())),
        |id| Ok(id.to_owned()),
    ))
}

fn is_all(variable: &[ast::Ident]) -> bool {
    matches!(variable, [one] if one.value.eq_ignore_ascii_case("all"))
}

fn object_name(name: &ast::ObjectName) -> String {
    let parts = name.0.iter().map(|part| {
        part.as_ident()
            .map_or_else(|| part.to_string(), |ident| ident.value.clone())
    });
    parts.collect::<Vec<_>>().join(".")
}

fn set_statement(set: &ast::Set) -> Result<Statement> {
    match set {
        ast::Set::SingleAssignment {
            variable, values, ..
        } => match values.as_slice() {
            [value] => Ok(Statement::Set {
                name: object_name(variable),
                value: literal_text(value)?,
            }),
            _ => Err(Error::Variable(format!(
                "expected one value for `{}`, found {}",
                object_name(variable),
                values.len()
            ))),
        },
        ast::Set::SetTimeZone { value, .. } => Ok(Statement::Set {
            name: "timezone".to_owned(),
            value: literal_text(value)?,
        }),
        other => Err(Error::Unsupported(format!("`{other}` is not supported"))),
    }
}

/// A literal or bare word as text; NULL and DEFAULT reset.
fn literal_text(value: &ast::Expr) -> Result<String> {
    match value {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(text) | ast::Value::DoubleQuotedString(text) => {
                Ok(text.clone())
            }
            ast::Value::Null => Ok(String::new()),
            other => Ok(other.to_string()),
        },
        ast::Expr::Identifier(word) if word.value.eq_ignore_ascii_case("default") => {
            Ok(String::new())
        }
        ast::Expr::Identifier(word) => Ok(word.value.clone()),
        other => Err(Error::Variable(format!(
            "expected a text in quotes, found `{other}`"
        ))),
    }
}

/// Refuses statements that would change something.
pub(super) fn verify(plan: &LogicalPlan) -> Result<()> {
    let options = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    options.verify_plan(plan).map_err(|error| {
        let what = match plan {
            LogicalPlan::Ddl(ddl) => ddl.name().to_owned(),
            LogicalPlan::Dml(dml) => dml.op.to_string(),
            LogicalPlan::Copy(_) => "COPY".to_owned(),
            LogicalPlan::Statement(statement) => statement.name().to_owned(),
            _ => return Error::from(error),
        };
        Error::Unsupported(format!(
            "{what} is not supported here: records come in by `ingest`, SQL changes scratch tables only"
        ))
    })
}
