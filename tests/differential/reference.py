"""The reference implementation: its ingest, and its SQL in DuckDB.

Its SQL computes every relation anew for every page. Here what depends on the chatbot and the moment is computed once and
kept in temporary tables, from the same text. Nothing else of it is changed, but for `exact` (see there).
"""

import pathlib
import re
import subprocess
import sys

import duckdb

from compare import Result

CASE = re.compile(r"^-- @case (\S+)[ ]*(.*?)\n(.*?)(?=^-- @case|\Z)", re.S | re.M)
# means of scores: `avg(score)`, `avg(w.sentiment)`
SCORE_MEAN = re.compile(r"\bavg\(((?:\w+\.)?(?:score|sentiment))\)")
ONE = 1 << 60


def literal(value):
    """A value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, float):
        # `0.1` would be a decimal, which may become another double
        return f"CAST('{value!r}' AS DOUBLE)"
    if isinstance(value, list | tuple):
        return f"({', '.join(map(literal, value))})"
    return "'" + str(value).replace("'", "''") + "'"


def exact_mean(scores):
    """The mean of specification §5.6: every score as round(score × 2^60), one division that is rounded once."""
    numbers = [score for score in scores or [] if score is not None]
    total = 0
    for score in numbers:
        scaled = abs(score) * ONE
        # halves away from zero; `score * 2^60` is exact
        rounded = int(scaled) + (scaled - int(scaled) >= 0.5)
        total += rounded if score > 0 else -rounded
    return total / (ONE * len(numbers)) if numbers else None


class Reference:
    """Answers SQL over one chatbot, as of one moment, in one window."""

    def __init__(self, oracle, data, folder):
        self.oracle = pathlib.Path(oracle)
        build = pathlib.Path(folder) / "build"
        ingest = [sys.executable, str(self.oracle / "ingest_ref.py"), str(data), "--out", str(build)]
        done = subprocess.run(ingest, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"the reference ingest ended with {done.returncode}:\n{done.stderr}")
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.create_function("exact_mean_of", exact_mean, ["DOUBLE[]"], "DOUBLE", null_handling="special")
        self.connection.execute("CREATE MACRO exact_mean(x) AS exact_mean_of(list(x))")
        # a path in SQL
        self.connection.execute(self.text("00_load.sql").replace("'build/", f"'{str(build).replace(chr(39), chr(39) * 2)}/"))
        self.connection.execute(self.text("01_params.sql"))
        self.cases = self.all_cases()
        self.exact = False

    def text(self, name):
        return (self.oracle / name).read_text()

    def all_cases(self):
        """Name of a case → its SQL."""
        found = {}
        for path in sorted(self.oracle.glob("p[0-9][0-9]*.sql")):
            sql = ""
            for name, _, body in CASE.findall(path.read_text()):
                # an empty body is the same SQL with other parameters
                sql = body if re.sub(r"--.*", "", body).strip() else sql
                found[name] = re.sub(r"--.*", "", sql).strip().rstrip(";")
        return found

    def case(self, name, replacements=None):
        """The SQL of a case, with other literals in the place of its own."""
        sql = self.cases[name]
        for old, new in (replacements or {}).items():
            if old not in sql:
                raise SystemExit(f"the reference's case {name} does not have {old} any more")
            sql = sql.replace(old, new)
        return sql

    def set(self, **variables):
        for name, value in variables.items():
            self.connection.execute(f"SET VARIABLE {name} = {value}")

    def tenant(self, chatbot, as_of):
        """From now on: this chatbot, as known at this moment."""
        self.set(chatbot_id=literal(chatbot), as_of=f"TIMESTAMP '{as_of}'", period="'last_7_days'")
        self.connection.execute(self.text("02_window.sql"))
        self.connection.execute(kept(self.text("03_canonical.sql"), r"\w+"))

    def window(self, period, first, last, inbox):
        """From now on: this period (`custom`: first to last local day) and inbox."""
        self.set(period=literal(period), from_date=f"{literal(first)}::DATE", to_date=f"{literal(last)}::DATE", inbox_id=f"{literal(inbox)}::VARCHAR")
        self.connection.execute(self.text("02_window.sql"))
        self.entities()

    def entities(self):
        sql = kept(self.text("04_entities.sql"), "conv_window|conv_prev")
        self.connection.execute(SCORE_MEAN.sub(r"exact_mean(\1)", sql) if self.exact else sql)

    def query(self, sql):
        sql = SCORE_MEAN.sub(r"exact_mean(\1)", sql) if self.exact else sql
        cursor = self.connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return Result(names, [list(row) for row in cursor.fetchall()])

    def query_exactly(self, sql):
        """The same with means as §5.6 wants them. The reference adds up doubles; where a mean lies within a rounding error
        of a threshold, a band, label or filter may come out otherwise, and then ours stands."""
        self.exact = True
        try:
            self.entities()
            return self.query(sql)
        finally:
            self.exact = False
            self.entities()

    def column(self, sql):
        """The one column of a query."""
        return [row[0] for row in self.query(sql).rows]


def kept(sql, names):
    """The views of these names as temporary tables."""
    return re.sub(rf"CREATE OR REPLACE VIEW ({names})(\s+)AS\b", r"CREATE OR REPLACE TEMP TABLE \1\2AS", sql)
