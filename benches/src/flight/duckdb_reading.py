"""A large answer in DuckDB: `duckdb_reading.py SQL ROUNDS` reads it to its last batch of Arrow, in this process, without a network.

Prints one JSON object: `version`, `row_count`, `byte_count` of the batches, `seconds` of every round but the first.
"""

import json
import sys
import time

import duckdb

BATCH_ROWS = 100_000


def read(connection, sql):
    start = time.perf_counter()
    row_count = byte_count = 0
    for batch in connection.sql(sql).to_arrow_reader(BATCH_ROWS):
        row_count += batch.num_rows
        byte_count += batch.nbytes
    return row_count, byte_count, time.perf_counter() - start


def main():
    sql, rounds = sys.argv[1], int(sys.argv[2])
    connection = duckdb.connect()
    readings = [read(connection, sql) for _ in range(rounds + 1)][1:]
    row_count, byte_count, _ = readings[0]
    seconds = [reading[2] for reading in readings]
    print(json.dumps({"version": duckdb.__version__, "row_count": row_count, "byte_count": byte_count, "seconds": seconds}))


main()
