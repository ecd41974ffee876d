"""psycopg against a served lake: what people of Python do over the PostgreSQL wire protocol.

    test_postgres.py --port PORT --authorities ca.pem --password PASSWORD

Run by tests/tests/postgres/psycopg.rs, which serves the oracle's records on that port of `localhost` with TLS and the user `ada`. Prints a
line per check and ends with 1 when one failed.
"""

import argparse
import datetime
import decimal
import sys
import threading
import traceback

import psycopg
from psycopg.rows import dict_row

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def connect(server, **options):
    return psycopg.connect(
        host="localhost",
        port=server.port,
        user="ada",
        dbname="chatlake",
        sslmode="verify-full",
        sslrootcert=server.authorities,
        **{"password": server.password, **options},
    )


@check
def a_connection_is_encrypted_and_knows_itself(server):
    with connect(server) as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.info.server_version == 160006, connection.info.server_version
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("ada", "chatlake")


@check
def a_wrong_password_is_refused(server):
    try:
        connect(server, password="wrong")
    except psycopg.OperationalError as error:
        assert "wrong name, password or key" in str(error), error
    else:
        raise AssertionError("let in with a wrong password")


@check
def rows_have_pythons_types(server):
    with connect(server) as connection, connection.cursor(row_factory=dict_row) as cursor:
        for binary in (False, True):
            row = cursor.execute(
                """SELECT 7 AS i, 2.5 AS f, 'é' AS t, true AS b, NULL AS n, DATE '2026-03-12' AS d,
                          (SELECT min(sent_at) FROM messages) AS ts, make_array('a', NULL) AS l,
                          arrow_cast('12345.67', 'Decimal128(38, 2)') AS m, named_struct('k', make_array(1)) AS s""",
                binary=binary,
            ).fetchone()
            assert (row["i"], row["f"], row["t"], row["b"], row["n"]) == (7, 2.5, "é", True, None), row
            assert row["d"] == datetime.date(2026, 3, 12), row
            assert row["ts"].tzinfo is not None, row
            assert row["l"] == ["a", None], row
            assert row["m"] == decimal.Decimal("12345.67"), row
            assert row["s"] == {"k": [1]}, row


@check
def values_are_bound_not_pasted(server):
    with connect(server) as connection:
        evil = "'; DROP TABLE messages; --"
        assert connection.execute("SELECT %s AS t", (evil,)).fetchone() == (evil,)
        count = "SELECT count(*) FROM messages WHERE chatbot_id = ANY(%s) AND sent_at < %s"
        now = datetime.datetime(2026, 3, 12, 16, tzinfo=datetime.timezone.utc)
        (found,) = connection.execute(count, (["cb_1", "cb_2"], now)).fetchone()
        assert found > 0
        (limited,) = connection.execute("SELECT count(*) FROM (SELECT * FROM messages LIMIT %s)", (3,)).fetchone()
        assert limited == 3, limited
        row = connection.execute("SELECT %s + 1, %s, %s", (41, decimal.Decimal("1.50"), datetime.date(2026, 3, 12))).fetchone()
        assert row == (42, decimal.Decimal("1.50"), datetime.date(2026, 3, 12)), row


@check
def a_statement_is_prepared_after_a_while(server):
    with connect(server) as connection:
        for number in range(20):
            assert connection.execute("SELECT %s::BIGINT + 1", (number,)).fetchone() == (number + 1,)
        assert connection.execute("SELECT 1").fetchone() == (1,)


@check
def pages_are_asked(server):
    with connect(server) as connection, connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SELECT * FROM users_page(chatbot_id => %s)", ("cb_1",))
        rows = cursor.fetchall()
        assert rows and cursor.description is not None


@check
def a_large_result_comes_in_parts(server):
    with connect(server) as connection:
        with connection.cursor(name="large") as cursor:
            cursor.itersize = 1000
            cursor.execute("SELECT value FROM generate_series(1, 25000) ORDER BY value")
            assert sum(value for (value,) in cursor) == 25000 * 25001 // 2
        with connection.cursor() as cursor:
            rows = cursor.stream("SELECT value FROM generate_series(1, 5000) ORDER BY value")
            assert [value for (value,) in rows] == list(range(1, 5001))


@check
def a_failed_transaction_is_rolled_back(server):
    with connect(server) as connection:
        try:
            connection.execute("SELECT nope FROM messages")
        except psycopg.errors.UndefinedColumn:
            pass
        else:
            raise AssertionError("a column that is not there")
        try:
            connection.execute("SELECT 1")
        except psycopg.errors.InFailedSqlTransaction:
            connection.rollback()
        else:
            raise AssertionError("a statement in a failed transaction")
        with connection.transaction():
            assert connection.execute("SELECT 1").fetchone() == (1,)


@check
def nothing_is_changed(server):
    with connect(server, autocommit=True) as connection:
        for sql in ("DELETE FROM messages", "CREATE TABLE t (a INT)", "INSERT INTO messages VALUES (1)"):
            try:
                connection.execute(sql)
            except psycopg.errors.ReadOnlySqlTransaction:
                continue
            raise AssertionError(f"{sql} was run")


def cancel_when_running(server, connection):
    """Waits until the server runs the query of the other connection, then asks it to stop."""
    running = "SELECT count(*) FROM system.queries WHERE state = 'running' AND sql LIKE 'SELECT sum(value%'"
    with connect(server, autocommit=True) as other:
        while other.execute(running, prepare=False).fetchone() == (0,):
            pass
    connection.cancel()


@check
def a_query_is_cancelled(server):
    with connect(server, autocommit=True) as connection:
        cancel = threading.Thread(target=cancel_when_running, args=(server, connection))
        cancel.start()
        try:
            connection.execute("SELECT sum(value % 7) FROM generate_series(1, 1000000000000)")
        except psycopg.errors.QueryCanceled:
            pass
        else:
            raise AssertionError("the query ran to its end")
        cancel.join()
        assert connection.execute("SELECT 1").fetchone() == (1,)


@check
def errors_name_what_is_wrong(server):
    with connect(server, autocommit=True) as connection:
        for sql, kind in (
            ("SELEC 1", psycopg.errors.SyntaxError),
            ("SELECT * FROM nope", psycopg.errors.UndefinedTable),
            ("SELECT nope(1)", psycopg.errors.UndefinedFunction),
        ):
            try:
                connection.execute(sql)
            except kind as error:
                assert error.diag.message_primary, error
            else:
                raise AssertionError(f"{sql} was run")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--authorities", required=True)
    parser.add_argument("--password", required=True)
    server = parser.parse_args()
    failed = 0
    for function in CHECKS:
        try:
            function(server)
            print(f"ok      {function.__name__}")
        except Exception:
            failed += 1
            print(f"FAILED  {function.__name__}")
            traceback.print_exc(file=sys.stdout)
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
