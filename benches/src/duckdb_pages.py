"""The pages in DuckDB: `duckdb_pages.py JOB` answers them by the reference implementation's SQL over a lake's own Parquet files.

JOB is a file with one JSON object, see `job()` below; prints one JSON object with what the pages cost, in ms.

Which SQL belongs to which page is known from `pages.py` and `listings.py` of `tests/differential`, which lie beside this file.
Two connections answer each page. `parquet` has the raw tables as views over the chatbot's own files, `memory` has the whole
lake's loaded; both have every relation above them as views, as the reference implementation defines them. Outside of the
measured time: loading, and what only depends on chatbot, moment and period (variables, the temporary table of days). Inside:
everything else, from text to the last row, which goes to a temporary table and not to Python objects.
"""

import dataclasses
import datetime
import json
import pathlib
import random
import re
import sys
import threading
import time

import asked
import duckdb
import listings
import pages
from reference import Reference, literal

RAW_TABLE = re.compile(r"TABLE raw_(\w+)\s+AS SELECT \* FROM read_json\('[^']*',\s*columns=\{(.*?)\}\);")
RAW_COLUMN = re.compile(r"(\w+):'([^']+)'")
LISTINGS = {
    "users": lambda reference: listings.users(reference, False),
    "organizations": listings.organizations,
    "conversations": listings.conversations,
    "chat_users": listings.chat_users,
}
# the relations of listings without what only filters and searches look at
LISTING_CASES = {"conversations": "conversations_last_30_days", "chat_users": "chat_users"}
SEGMENTS = {"plan": "u.plan", "industry": "u.industry", "organization": "u.organization_id", "country": "c.country", "device": "c.device", "channel": "c.channel"}
# the reference has no SQL for conditions of any kind, but for these ones; the bench's workflow has the same
DRY_RUN_CASE = "workflow_dry_run_w1"


class Tenant(asked.Tenant):
    """A chatbot with one value of each kind, the busiest."""

    def some(self, name, count=1):
        return [self.values.get(name) or f"no such {name}"]


class LakeReference(Reference):
    """The reference implementation's SQL over the files of a lake. `is_loaded`: over tables that hold their rows."""

    def __init__(self, job, is_loaded):
        self.oracle = pathlib.Path(job["oracle"])
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        # footers are read once, as in Chatlake
        self.connection.execute("SET parquet_metadata_cache = true")
        for table, columns in RAW_TABLE.findall(self.text("00_load.sql")):
            source = raw_rows(job, table, RAW_COLUMN.findall(columns), every_chatbot=is_loaded)
            self.connection.execute(f"CREATE {'TABLE' if is_loaded else 'VIEW'} raw_{table} AS {source}")
        self.connection.execute(self.text("01_params.sql"))
        self.cases, self.exact = self.all_cases(), False
        as_of = job["as_of"].removesuffix("Z")
        self.set(chatbot_id=literal(job["chatbot"]), as_of=f"TIMESTAMP '{as_of}'", period="'all_time'")
        for name in ["02_window.sql", "03_canonical.sql", "04_entities.sql"]:
            self.connection.execute(self.text(name))

    def window(self, period):
        self.set(period=literal(period))
        self.connection.execute(self.text("02_window.sql"))


def raw_rows(job, table, columns, every_chatbot):
    """The rows of a stored table as the reference has them. Views read the chatbot's own files, so that nothing lists or opens
    those of others; a ledger belongs to the account."""
    wanted = every_chatbot or table == "credit_ledger"
    files = [f"{job['lake']}/{path}" for name, path, chatbot in job["files"] if name == table and (wanted or chatbot in (None, job["chatbot"]))]
    if not files:
        return f"SELECT {', '.join(f'NULL::{kind} AS {name}' for name, kind in columns)} WHERE false"
    shown = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns)
    listed = ", ".join(map(literal, files))
    return f"SELECT {shown} FROM read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false)"


def job():
    """{lake, oracle, chatbot, as_of, files: [[table, path, chatbot or null]], values: {kind: id}, periods, runs, seconds_max,
    questions: [{name, page, argument or null, has_period}]}."""
    return json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))


def questions(reference, tenant, period):
    """Questions to the reference, the plainest to each page first: those that the differential test widens for its own ends
    (columns to filter by, labels, properties of several times) stand as the reference has them."""
    window = asked.Window(tenant, period)
    for name, make in LISTINGS.items():
        listing = make(reference)
        if name in LISTING_CASES:
            listing = dataclasses.replace(listing, relation=reference.case(LISTING_CASES[name]))
        yield listing.question(window, {}, ["TRUE"])
    for by, value in SEGMENTS.items():
        yield listings.Question("segments", literal(by), segments(reference, value))
    conversation, workflow = tenant.some("conversation")[0], tenant.some("workflow")[0]
    yield listings.Question("conversation_detail", literal(conversation), reference.case("detail_c2_messages", {"'c2'": literal(conversation)}))
    yield listings.Question("workflow_dry_run", literal(workflow), reference.case(DRY_RUN_CASE))
    yield from pages.of_tenant(window, reference)
    yield from pages.of_window(window, reference)


def segments(reference, value):
    replaced = {"coalesce(u.plan,": f"coalesce({value},"}
    if value.startswith("c."):
        users = "LEFT JOIN users u USING (user_id)"
        resolutions = "LEFT JOIN resolutions r USING (conversation_id)"
        replaced[users] = "JOIN conversations c ON c.conversation_id = w.conversation_id"
        replaced[resolutions] = "LEFT JOIN resolutions r ON r.conversation_id = w.conversation_id"
    return reference.case("segments_plan_current_30d", replaced)


def facets(reference, tenant, period, entity):
    """All facets of a listing in one statement."""
    listing = LISTINGS[entity](reference)
    window = asked.Window(tenant, period)
    parts = [f"(SELECT * FROM ({listing.facet(window, facet, {}, ['TRUE']).reference}))" for facet in listing.facets]
    return f"{' UNION ALL '.join(parts)} ORDER BY field, n DESC, value"


def reference_sql(reference, tenant, period, asked_questions, question):
    """The reference's SQL for a question of the bench; None when it has none."""
    page, argument = question["page"], question["argument"]
    if page == "facets":
        return facets(reference, tenant, period, argument) if argument in LISTINGS else None
    for candidate in asked_questions:
        # pages with an argument are asked about several values
        if candidate.page == page and isinstance(candidate.reference, str) and (argument is None or literal(argument) in candidate.ours):
            return candidate.reference
    return None


def answer(connection, sql, seconds_max):
    """Seconds of one answer; None when it takes longer than it may."""
    watch = threading.Timer(seconds_max, connection.interrupt)
    watch.start()
    started = time.perf_counter()
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE answer AS {sql}")
        # an interrupt may come too late to be heard
        seconds = time.perf_counter() - started
        return seconds if seconds <= seconds_max else None
    except duckdb.InterruptException:
        return None
    finally:
        watch.cancel()


def measure(connection, sql, runs, seconds_max):
    """{ms, rows} of a statement, or {error}: median of some runs after one that does not count."""
    try:
        if answer(connection, sql, seconds_max) is None:
            return {"over_ms": seconds_max * 1_000}
        (row_count,) = connection.execute("SELECT count(*) FROM answer").fetchone()
        seconds = []
        while len(seconds) < runs and sum(seconds) < seconds_max:
            taken = answer(connection, sql, seconds_max)
            if taken is None:
                return {"over_ms": seconds_max * 1_000}
            seconds.append(taken)
        return {"ms": sorted(seconds)[len(seconds) // 2] * 1_000, "rows": row_count}
    except duckdb.Error as error:
        return {"error": str(error).splitlines()[0][:200]}


def main():
    given = job()
    connections = {}
    for kind in ["parquet", "memory"]:
        started = time.perf_counter()
        connections[kind] = LakeReference(given, is_loaded=kind == "memory")
        seconds = time.perf_counter() - started
    as_of = datetime.datetime.fromisoformat(given["as_of"].removesuffix("Z"))
    tenant = Tenant(given["chatbot"], as_of, random.Random(1), given["values"])
    found = {}
    for period in given["periods"]:
        for kind, reference in connections.items():
            reference.window(period)
            asked_questions = list(questions(reference, tenant, period))
            for question in given["questions"]:
                if not question["has_period"] and period != given["periods"][0]:
                    continue
                sql = reference_sql(reference, tenant, period, asked_questions, question)
                if sql is not None:
                    cost = measure(reference.connection, sql, given["runs"], given["seconds_max"])
                    found.setdefault(period, {}).setdefault(question["name"], {})[kind] = cost
    print(json.dumps({"version": duckdb.__version__, "load_seconds": seconds, "periods": found}))


main()
