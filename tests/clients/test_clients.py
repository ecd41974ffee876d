"""The clients of people who do not write Rust, against a served lake: ADBC over Flight SQL, deltalake and DuckDB on the files.

    test_clients.py --uri grpc://127.0.0.1:PORT --lake FOLDER

Run by tests/tests/clients.rs, which serves the lake in FOLDER at that address. Prints a line per check and ends with 1 when
one failed.
"""

import argparse
import datetime
import pathlib
import sys
import traceback

import adbc_driver_flightsql.dbapi as flight_sql
import adbc_driver_manager
import deltalake
import duckdb
import pyarrow
import pyarrow.dataset
import pyarrow.flight

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def connect(uri, **options):
    return flight_sql.connect(uri, autocommit=True, **options)


def one(cursor, sql, parameters=None):
    cursor.execute(sql, parameters)
    rows = cursor.fetchall()
    assert len(rows) == 1, f"expected one row, found {rows}"
    return rows[0]


# ------------------------------------------------------------------------------------------- ADBC


@check
def adbc_runs_a_query(lake):
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT chatbot_id, count(*) AS n FROM messages GROUP BY chatbot_id ORDER BY chatbot_id")
        table = cursor.fetch_arrow_table()
        assert table.column_names == ["chatbot_id", "n"], table.column_names
        assert table.schema.field("chatbot_id").type == pyarrow.utf8(), table.schema
        assert "cb_1" in table.column("chatbot_id").to_pylist()


@check
def adbc_binds_parameters(lake):
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        (literal,) = one(cursor, "SELECT count(*) FROM messages WHERE chatbot_id = 'cb_1'")
        assert literal > 0
        assert one(cursor, "SELECT count(*) FROM messages WHERE chatbot_id = ?", ("cb_1",)) == (literal,)
        assert one(cursor, "SELECT count(*) FROM messages WHERE chatbot_id = $1", ("cb_1",)) == (literal,)
        assert one(cursor, "SELECT ?, ?", (7, "x")) == (7, "x")
        for value in (None, 1, 1.5, True, "é", b"\x00\x01", datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4, 5)):
            assert one(cursor, "SELECT ? IS NULL", (value,)) == (value is None,), value


@check
def adbc_prepares_once_and_binds_again(lake):
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        sql = "SELECT count(*) FROM messages WHERE chatbot_id = ?"
        schema = cursor.adbc_prepare(sql)
        assert schema is not None and len(schema) == 1, schema
        counts = [one(cursor, sql, (chatbot,))[0] for chatbot in ("cb_1", "no such chatbot", "cb_1")]
        assert counts[0] == counts[2] > 0 and counts[1] == 0, counts


@check
def adbc_streams_batches(lake):
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        (expected,) = one(cursor, "SELECT count(*) FROM messages")
        cursor.execute("SELECT * FROM messages")
        reader = cursor.fetch_record_batch()
        assert sum(batch.num_rows for batch in reader) == expected
        cursor.execute("SELECT * FROM messages WHERE false")
        empty = cursor.fetch_arrow_table()
        assert empty.num_rows == 0 and "chatbot_id" in empty.column_names, empty.schema


@check
def adbc_shows_what_there_is(lake):
    with connect(lake.uri) as connection:
        catalogs = connection.adbc_get_objects(depth="all").read_all().to_pylist()
        assert [catalog["catalog_name"] for catalog in catalogs] == ["chatlake"], catalogs
        schemas = {schema["db_schema_name"]: schema["db_schema_tables"] for schema in catalogs[0]["catalog_db_schemas"]}
        assert {"lake", "stored", "system"} <= set(schemas), schemas.keys()
        messages = next(table for table in schemas["lake"] if table["table_name"] == "messages")
        columns = {column["column_name"]: column["xdbc_type_name"] for column in messages["table_columns"]}
        assert columns["chatbot_id"] == "VARCHAR", columns
        schema = connection.adbc_get_table_schema("messages", db_schema_filter="lake")
        assert schema.field("chatbot_id").type == pyarrow.utf8(), schema
        assert set(connection.adbc_get_table_types()) == {"TABLE", "VIEW"}
        assert connection.adbc_get_info()["vendor_name"] == "Chatlake"
        assert (connection.adbc_current_catalog, connection.adbc_current_db_schema) == ("chatlake", "lake")


@check
def adbc_keeps_the_variables_of_a_login(lake):
    user = {"username": "anybody", "password": "anything"}
    with connect(lake.uri, db_kwargs=user) as connection, connection.cursor() as cursor:
        sql = "SELECT count(DISTINCT chatbot_id) FROM messages"
        (before,) = one(cursor, sql)
        assert before > 1
        cursor.execute("SET chatlake.chatbot_id = 'cb_1'")
        assert one(cursor, sql) == (1,)


@check
def adbc_hands_partitions_to_others(lake):
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        partitions, schema = cursor.adbc_execute_partitions("SELECT chatbot_id FROM messages")
        (expected,) = one(cursor, "SELECT count(*) FROM messages")
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        count = 0
        for partition in partitions:
            cursor.adbc_read_partition(partition)
            count += cursor.fetch_arrow_table().num_rows
    assert count == expected, (count, expected)


@check
def adbc_tells_a_mistake_from_a_failure(lake):
    codes = adbc_driver_manager.AdbcStatusCode
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        for sql in ("selec 1", "SELECT no_such_column FROM messages", "SELECT * FROM no_such_table"):
            try:
                cursor.execute(sql)
                cursor.fetchall()
            except adbc_driver_manager.Error as error:
                assert error.status_code in (codes.INVALID_ARGUMENT, codes.NOT_FOUND), (sql, error)
            else:
                raise AssertionError(f"accepted: {sql}")


@check
def pyarrow_flight_needs_two_lines(lake):
    with pyarrow.flight.connect(lake.uri) as client:
        info = client.get_flight_info(pyarrow.flight.FlightDescriptor.for_command(b"SELECT 1 AS one"))
        assert client.do_get(info.endpoints[0].ticket).read_all().to_pylist() == [{"one": 1}]


# ---------------------------------------------------------------------------- readers of the files


def stored_tables(lake):
    """Name, Delta table and number of rows by Chatlake, for every stored table that has rows."""
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'stored' ORDER BY table_name")
        names = [name for (name,) in cursor.fetchall()]
        assert len(names) == 18, names
        for name in names:
            (count,) = one(cursor, f'SELECT count(*) FROM stored."{name}"')
            yield name, deltalake.DeltaTable(lake.folder / "tables" / name), count


@check
def deltalake_counts_the_same_rows(lake):
    counts = {}
    for name, table, expected in stored_tables(lake):
        counts[name] = table.to_pyarrow_dataset().count_rows()
        assert counts[name] == expected, f"{name}: deltalake {counts[name]}, Chatlake {expected}"
    assert counts["messages"] > 0 and counts["accounts"] > 0, counts


@check
def duckdb_counts_the_same_rows(lake):
    for name, table, expected in stored_tables(lake):
        rows = table.to_pyarrow_dataset()
        assert duckdb.sql("SELECT count(*) FROM rows").fetchall() == [(expected,)], name
        files = table.file_uris()
        if files:
            # only the Parquet files, with the partition values of their folders
            sql = "SELECT count(*) FROM read_parquet($1, hive_partitioning = true)"
            ((count,),) = duckdb.execute(sql, [files]).fetchall()
            assert count == expected, f"{name}: DuckDB {count}, Chatlake {expected}"


@check
def duckdb_reads_the_same_values(lake):
    sql = "SELECT chatbot_id, count(*), min(message_id), max(ingest_seq) FROM {} GROUP BY chatbot_id ORDER BY chatbot_id"
    with connect(lake.uri) as connection, connection.cursor() as cursor:
        cursor.execute(sql.format("stored.messages"))
        expected = cursor.fetchall()
    messages = deltalake.DeltaTable(lake.folder / "tables" / "messages").to_pyarrow_dataset()
    assert messages.schema.get_field_index("chatbot_id") >= 0
    found = duckdb.sql(sql.format("messages")).fetchall()
    assert [tuple(row) for row in expected] == found, (expected, found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uri", required=True, help="where the lake is served")
    parser.add_argument("--lake", required=True, type=pathlib.Path, dest="folder", help="the folder of the lake")
    lake = parser.parse_args()
    failed = 0
    for function in CHECKS:
        try:
            function(lake)
            print(f"ok     {function.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED {function.__name__}", flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
