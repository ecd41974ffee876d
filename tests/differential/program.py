"""Chatlake as a program: loads a file, serves the lake, answers SQL over Arrow Flight SQL."""

import datetime
import re
import subprocess

import adbc_driver_flightsql.dbapi as flight_sql

from compare import Result


class Program:
    """A served lake. Use it as a context manager: the server ends with it."""

    def __init__(self, uri, process=None):
        self.uri, self.process = uri, process
        self.connection = flight_sql.connect(uri, autocommit=True)

    @classmethod
    def start(cls, program, data, lake):
        """Loads `data` into a new lake at the folder `lake` and serves it at a port that the system chose."""
        loaded = subprocess.run([program, "--lake", lake, "ingest", data], capture_output=True, text=True, check=False)
        if loaded.returncode != 0:
            raise SystemExit(f"`{program} ingest` ended with {loaded.returncode}:\n{loaded.stdout}{loaded.stderr}")
        process = subprocess.Popen([program, "--lake", lake, "serve", "--flight", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if found := re.search(r"grpc://\S+", line):
                return cls(found[0], process)
        raise SystemExit(f"`{program} serve` ended with {process.wait()} before it said where it listens")

    def query(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            table = cursor.fetch_arrow_table()
        columns = [[plain(cell) for cell in column.to_pylist()] for column in table.columns]
        rows = [list(row) for row in zip(*columns, strict=True)]
        return Result(table.column_names, rows)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        if self.process is not None:
            self.process.terminate()
            self.process.communicate()


def plain(cell):
    """An instant as the reference has it: UTC without saying so."""
    if isinstance(cell, datetime.datetime) and cell.tzinfo is not None:
        return cell.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return cell
