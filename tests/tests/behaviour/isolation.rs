//! A tenant's answers do not depend on who else is in the lake: random statements over two lakes, of which one also holds the
//! same records under the names of somebody else.
//!
//! Guarantees shown: the same rows, the same errors, the same plans; statistics, keys that two tenants share and joins included.

use std::collections::BTreeSet;

use chatlake::{Access, AccessScope, Chatlake, Session, TableInfo};
use chatlake_auth::Role;
use chatlake_tests::lakes;

/// Random statements that are compared.
const STATEMENT_COUNT: usize = 400;

/// Values of conditions: ids of both tenants, and what neither has.
const VALUES: [&str; 10] = [
    "cb_1", "cb_2", "cb_3", "cb_4", "acc_1", "acc_2", "c1", "u1", "m1", "zz",
];

/// Numbers without a pattern, the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// The records of the oracle under the names of another tenant: every other id stays the same.
fn of_somebody_else(records: &str) -> String {
    let renamed = records.replace("\"acc_1\"", "\"acc_2\"");
    let renamed = renamed.replace("\"cb_1\"", "\"cb_3\"");
    renamed.replace("\"cb_2\"", "\"cb_4\"")
}

async fn lake_of(records: &[&str]) -> Chatlake {
    let lake = lakes::in_memory().await;
    for text in records {
        let report = lakes::ingest_text(&lake, text).await.unwrap();
        assert!(report.accepted > 100, "{report:?}");
    }
    lake
}

fn session_of(lake: &Chatlake) -> Session {
    lake.session_as(Access {
        scope: AccessScope::Accounts {
            accounts: BTreeSet::from(["acc_1".to_owned()]),
        },
        permissions: Role::Admin.permissions(),
    })
}

/// Rows in any order, or the text of the error.
async fn answer(session: &Session, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let mut rows = lakes::ask(session, sql)
        .await
        .map_err(|error| error.to_string())?;
    rows.sort();
    Ok(rows)
}

fn column<'a>(random: &mut Random, table: &'a TableInfo) -> &'a str {
    let fields = table.arrow_schema.fields();
    fields[random.below(fields.len())].name()
}

fn quoted(name: &str) -> String {
    ["\"", name, "\""].concat()
}

fn relation(table: &TableInfo) -> String {
    [&table.schema, ".", &table.name].concat()
}

fn condition(random: &mut Random, table: &TableInfo) -> String {
    let name = quoted(column(random, table));
    let (first, second) = (*random.of(&VALUES), *random.of(&VALUES));
    let text = ["CAST(", &name, " AS VARCHAR)"].concat();
    match random.below(6) {
        0 => [&name, " IS NULL"].concat(),
        1 => [&text, " = '", first, "'"].concat(),
        2 => [&text, " <> '", first, "' OR true"].concat(),
        3 => [&text, " IN ('", first, "', '", second, "')"].concat(),
        4 => ["NOT (", &text, " = '", first, "')"].concat(),
        _ => "chatbot_id IN ('cb_1', 'cb_2', 'cb_3', 'cb_4')".to_owned(),
    }
}

/// Statements over `<from>`, with its columns `<first>` and `<second>` and a `<condition>`, and over `<other>`, with its column `<theirs>`.
const STATEMENTS: [&str; 9] = [
    "SELECT count(*), min(<first>), max(<second>) FROM <from>",
    "SELECT count(<first>), count(DISTINCT <second>) FROM <from> WHERE <condition>",
    "SELECT <first>, count(*) AS n FROM <from> WHERE <condition> GROUP BY 1",
    "SELECT <first>, <second> FROM <from> WHERE <condition> ORDER BY 1, 2 LIMIT 7",
    "SELECT count(*) FROM <from> AS a JOIN <other> AS b ON CAST(a.<first> AS VARCHAR) = CAST(b.<theirs> AS VARCHAR)",
    "SELECT count(*) FROM <from> WHERE CAST(<first> AS VARCHAR) IN (SELECT CAST(<theirs> AS VARCHAR) FROM <other>)",
    "SELECT count(*) FROM (SELECT CAST(<first> AS VARCHAR) AS x FROM <from> \
     UNION ALL SELECT CAST(<theirs> AS VARCHAR) FROM <other>) AS t",
    "SELECT EXISTS (SELECT 1 FROM <from> WHERE <condition>) AS there",
    "SELECT <first>, row_number() OVER (ORDER BY <first>) AS n FROM <from> ORDER BY 1, 2",
];

fn statement(random: &mut Random, tables: &[TableInfo]) -> String {
    let (one, other) = (random.of(tables), random.of(tables));
    let parts = [
        ("<from>", relation(one)),
        ("<other>", relation(other)),
        ("<first>", quoted(column(random, one))),
        ("<second>", quoted(column(random, one))),
        ("<condition>", condition(random, one)),
        ("<theirs>", quoted(column(random, other))),
    ];
    let statement = (*random.of(&STATEMENTS)).to_owned();
    let fill = |text: String, (name, part): &(&str, String)| text.replace(name, part);
    parts.iter().fold(statement, fill)
}

/// Statements that are about what is not a row: plans, lists, variables, and pages of chatbots of others.
const FIXED: [&str; 16] = [
    "SELECT count(*), sum(row_count) FROM system.files",
    "SELECT count(*) FROM system.commits",
    "SELECT count(*) FROM system.queries",
    "SELECT count(*) FROM system.audit",
    "SELECT table_name, file_count, row_count FROM system.tables",
    "SELECT table_schema, table_name FROM information_schema.tables",
    "SELECT count(*) FROM information_schema.columns",
    "EXPLAIN SELECT count(*) FROM stored.messages WHERE chatbot_id = 'cb_3'",
    "EXPLAIN ANALYZE SELECT * FROM stored.agents",
    "EXPLAIN VERBOSE SELECT * FROM stored.agents",
    "SELECT * FROM users_page('cb_3', 'this_month')",
    "SELECT * FROM facets('cb_3', 'this_month', 'users')",
    "SELECT * FROM conversation_detail('cb_3', 'c2')",
    "SELECT file FROM export('cb_3', 'users_page', 'this_month', 'csv')",
    "SET chatlake.chatbot_id = 'cb_3'",
    "SELECT no_such_column FROM stored.messages WHERE chatbot_id = 'cb_3'",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_statements_tell_nothing_of_somebody_else() {
    let mine = lakes::oracle_input();
    let theirs = of_somebody_else(&mine);
    let alone = session_of(&lake_of(&[&mine]).await);
    let together = session_of(&lake_of(&[&mine, &theirs]).await);
    let mut tables = together.tables().await.unwrap();
    tables.retain(|table| table.schema != "system");
    assert!(tables.len() > 40, "only {} tables and views", tables.len());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut row_count = 0;
    for _ in 0..STATEMENT_COUNT {
        let sql = statement(&mut random, &tables);
        let expected = answer(&alone, &sql).await;
        assert_eq!(answer(&together, &sql).await, expected, "{sql}");
        row_count += expected.map_or(0, |rows| rows.len());
    }
    assert!(row_count > STATEMENT_COUNT, "only {row_count} rows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_row_tells_nothing_of_somebody_else() {
    let mine = lakes::oracle_input();
    let theirs = of_somebody_else(&mine);
    let alone = session_of(&lake_of(&[&mine]).await);
    let together = session_of(&lake_of(&[&mine, &theirs]).await);
    for sql in FIXED {
        let expected = answer(&alone, sql).await;
        assert_eq!(answer(&together, sql).await, expected, "{sql}");
        let shown = format!("{expected:?}");
        assert!(sql.contains("cb_3") || !shown.contains("cb_3"), "{sql}");
    }
}
