"""Drives a Flight SQL server with the clients that BI tools and notebooks use, and prints PASS, FAIL or SKIP per check.

    flight_acceptance.py --port 31337 --table messages --key ingest_seq [--user U --password P | --token T] [--tls --ca ca.pem] …

Every check is named `client.feature` and has a level:

    must    a client that many people use does not work without it
    should  such a client works, but with a gap that users notice
    nice    an optional part of the protocol

Ends with 1 when a `must` fails. `--json` writes all results into a file; run_kit.py judges them. With `--server-pid` some checks also watch
what the server uses: that it stops working for a query that was cancelled, and that it waits for a client that does not read.
"""

import argparse
import fnmatch
import importlib
import json
import os
import sys
import threading
import time
import traceback
import warnings

from kit import ARGS, CHECKS, RESULTS, Skip, report, short

warnings.simplefilter("ignore")
for name in ("adbc_checks", "metadata_checks", "statement_checks", "tool_checks"):
    importlib.import_module(name)

# five times a cube of the table: seconds of work without many rows of data
SLOW_SQL = """
select sum(a.{key} * b.{key} % 7 + c.{key})
from {table} a cross join {table} b cross join (select * from {table} cross join (values (1),(2),(3),(4),(5)) v(x)) c
"""


def run_one(name, level, timeout, needs, function):
    result = {"name": name, "level": level}
    if needs == "write" and not ARGS.write:
        report({**result, "status": "SKIP", "detail": "needs --write"})
        return
    box = {}

    def body():
        try:
            box["returned"] = function()
        except BaseException as error:
            box["error"], box["traceback"] = error, traceback.format_exc()

    # a thread, so that a check that hangs fails alone
    thread = threading.Thread(target=body, daemon=True)
    started = time.time()
    thread.start()
    thread.join(timeout)
    result["seconds"] = round(time.time() - started, 2)
    if thread.is_alive():
        report({**result, "status": "FAIL", "detail": f"hangs (> {timeout:.0f}s)"})
    elif isinstance(box.get("error"), Skip):
        report({**result, "status": "SKIP", "detail": short(box["error"])})
    elif "error" in box:
        report({**result, "status": "FAIL", "detail": short(box["error"])})
        if ARGS.verbose:
            print(box["traceback"])
    else:
        report({**result, "status": "PASS", "detail": str(box.get("returned") or "")})


def print_counts(label, results):
    counts = {status: sum(result["status"] == status for result in results) for status in ("PASS", "FAIL", "SKIP")}
    print(f"{label:11}: {counts['PASS']} pass, {counts['FAIL']} fail, {counts['SKIP']} skip")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--token")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--ca")
    parser.add_argument("--skip-verify", action="store_true")
    parser.add_argument("--client-cert")
    parser.add_argument("--client-key")
    parser.add_argument("--table", required=True, help="an existing table, unqualified, with 1,000 rows or so")
    parser.add_argument("--key", required=True, help="a bigint column of --table holding 1, 2, 3, …")
    parser.add_argument("--types-sql", help="a query whose result has one column per type that the server can produce")
    parser.add_argument("--big-sql", help="a query that computes a result of --big-rows rows")
    parser.add_argument("--big-rows", type=int)
    parser.add_argument("--slow-sql", help="a query that works for 5 seconds or more (default: a join of --table with itself)")
    parser.add_argument("--server-pid", type=int, help="watch what this process of the same machine uses")
    parser.add_argument("--write", action="store_true", help="also make and drop tables")
    parser.add_argument("--write-schema")
    parser.add_argument("--write-prefix", default="flightacc_")
    parser.add_argument("--jdbc-jar", help="flight-sql-jdbc-driver-X.jar: also run JdbcProbe.java (needs Java 17)")
    parser.add_argument("--clients", default="adbc,raw,sqlalchemy,polars,pandas,harlequin,jdbc")
    parser.add_argument("--only", default="*", help="comma separated patterns of names")
    parser.add_argument("--json")
    parser.add_argument("--verbose", action="store_true")
    parser.parse_args(namespace=ARGS)
    ARGS.slow_sql = ARGS.slow_sql or SLOW_SQL.format(table=ARGS.table, key=ARGS.key)


def main():
    parse_arguments()
    clients, patterns = ARGS.clients.split(","), ARGS.only.split(",")
    for check in CHECKS:
        if check[0].split(".")[0] in clients and any(fnmatch.fnmatch(check[0], pattern) for pattern in patterns):
            run_one(*check)
    print()
    for level in ("must", "should", "nice"):
        print_counts(level, [result for result in RESULTS if result["level"] == level])
    for client in sorted({result["name"].split(".")[0] for result in RESULTS}):
        print_counts("  " + client, [result for result in RESULTS if result["name"].startswith(client + ".")])
    if ARGS.json:
        with open(ARGS.json, "w") as file:
            json.dump(RESULTS, file, indent=1)
    sys.stdout.flush()
    # not sys.exit: a check that hangs must not keep the process
    os._exit(1 if any(result["level"] == "must" and result["status"] == "FAIL" for result in RESULTS) else 0)


if __name__ == "__main__":
    main()
