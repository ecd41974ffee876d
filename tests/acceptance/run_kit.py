"""Runs flight_acceptance.py against the program `chatlake` and judges what comes out.

    run_kit.py --program target/release/chatlake [--jdbc-jar flight-sql-jdbc-driver-18.2.0.jar] [--big-rows 10000000]

Run by tests/tests/acceptance.rs. Makes a lake with 1,000 messages, a user and a key in a folder of its own, serves it with each of `SERVERS`
in turn, and makes the runs of `runs`. Every check of a run must pass, but for the exceptions that stand with the run, each with its reason; an
exception that passes is a mistake of the list. Ends with 1 when a run was not as it should be.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
CERTIFICATES = HERE.parent / "data" / "tls"
START_SECONDS_MAX = 60
RUN_SECONDS_MAX = 1800
GREETING_LINES_MAX = 20
ROW_COUNT = 1000

USER, PASSWORD = "kit", "the kit's password"

# as many types as SQL can ask for
TYPES_SQL = """
select true as c_bool, cast(1 as tinyint) as c_i8, cast(1 as smallint) as c_i16, cast(1 as int) as c_i32, cast(1 as bigint) as c_i64,
arrow_cast(1, 'UInt8') as c_u8, arrow_cast(1, 'UInt16') as c_u16, arrow_cast(1, 'UInt32') as c_u32,
arrow_cast(9223372036854775813, 'UInt64') as c_u64, cast(1.5 as real) as c_f32, cast(1.5 as double) as c_f64,
cast(12345.6789 as decimal(18,4)) as c_dec, 'héllo' as c_str, arrow_cast('x', 'LargeUtf8') as c_lstr, arrow_cast('x', 'Binary') as c_bin,
date '2026-01-02' as c_date, cast('01:02:03' as time) as c_time, arrow_cast('2026-01-02T03:04:05', 'Timestamp(Nanosecond, None)') as c_ts_ns,
arrow_cast('2026-01-02T03:04:05Z', 'Timestamp(Microsecond, Some("UTC"))') as c_ts_us_utc,
arrow_cast('2026-01-02T03:04:05Z', 'Timestamp(Millisecond, Some("America/New_York"))') as c_ts_ms_tz,
arrow_cast('a', 'Dictionary(Int32, Utf8)') as c_dict, make_array('a', 'b') as c_list, named_struct('k', 'v', 'n', 1) as c_struct,
map(['a'], [1]) as c_map
"""
BIG_SQL = "select value as id, value * 0.5 as v, concat('conv-', cast(value % 5000 as varchar)) as s from generate_series(1, {rows})"

TLS = ["--tls-certificate", str(CERTIFICATES / "first.pem"), "--tls-key", str(CERTIFICATES / "first.key")]
SERVERS = {
    "users and TLS": TLS,
    "users and mutual TLS": [*TLS, "--tls-client-authorities", str(CERTIFICATES / "ca.pem")],
    "open to all": ["--auth=false"],
}

BY_PASSWORD = ["--user", USER, "--password", PASSWORD]
WITH_TLS = ["--host", "localhost", "--tls", "--ca", str(CERTIFICATES / "ca.pem")]
WITH_CERTIFICATE = [*WITH_TLS, "--client-cert", str(CERTIFICATES / "second.pem"), "--client-key", str(CERTIFICATES / "second.key")]
NO_DRIVER = "no driver was given"


def runs(key, big_rows, jdbc_jar):
    """Server, name of the run, arguments, and which checks do not pass there, with the reason."""
    big = ["--big-sql", BIG_SQL.format(rows=big_rows), "--big-rows", str(big_rows)]
    jdbc = {} if jdbc_jar else {"jdbc.probe": NO_DRIVER}
    yield "users and TLS", "by password", [*WITH_TLS, *BY_PASSWORD, *big, "--write"], {
        **jdbc,
        "pandas.read_sql_params": "pandas has no parameters for ADBC connections",
        "polars.read_database_uri": "the address has no place for a password: made on the open server",
        "raw.anonymous_bearer_none": "about servers without users: made on the open server",
    }
    by_key = "adbc.connect,adbc.no_credentials_rejected,harlequin.query,jdbc.probe,polars.read_database,raw.handshake_with_bearer,sqlalchemy.connect"
    yield "users and TLS", "by key", [*WITH_TLS, "--token", key, "--only", by_key], jdbc
    by_certificate = "adbc.bad_password_rejected,adbc.connect,raw.handshake_basic,raw.poll_flight_info"
    yield "users and mutual TLS", "with a certificate", [*WITH_CERTIFICATE, *BY_PASSWORD, "--only", by_certificate], {}
    nameless = "adbc.connect,harlequin.query,polars.read_database*,raw.anonymous_bearer_none,sqlalchemy.connect"
    yield "open to all", "without a name", ["--only", nameless], {}
    any_name = "adbc.ddl_by_execute,adbc.ingest_modes,jdbc.probe,raw.update_via_doput"
    yield "open to all", "by any name", ["--user", "anybody", "--password", "any", "--write", "--only", any_name], jdbc


class Program:
    """The program `chatlake` over a lake in a folder."""

    def __init__(self, program, folder):
        self.program, self.folder, self.server = program, folder, None

    def command(self, *arguments):
        return [self.program, "--lake", str(self.folder / "lake"), *arguments]

    def run(self, *arguments, text=""):
        done = subprocess.run(self.command(*arguments), cwd=self.folder, input=text, text=True, capture_output=True, timeout=START_SECONDS_MAX)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def fill(self):
        """Messages whose `ingest_seq` is 1, 2, 3, …, a user, and a key, which is returned."""
        records = (
            {
                "type": "message",
                "chatbot_id": "shop",
                "conversation_id": f"c{number % 50}",
                "message_id": f"m{number}",
                "sent_at": f"2026-03-01T{number // 60:02}:{number % 60:02}:00Z",
                "sender_type": "customer",
                "content": f"message {number}",
            }
            for number in range(ROW_COUNT)
        )
        self.run("ingest", "-", text="".join(json.dumps(record) + "\n" for record in records))
        self.run("auth", "add-user", USER, "--role", "owner", "--every-account", text=PASSWORD + "\n")
        return self.run("auth", "add-key", "kitkey", "--role", "owner", "--every-account").strip()

    def serve(self, arguments):
        """The port of a server that was started with these arguments."""
        self.stop()
        self.server = subprocess.Popen(
            self.command("serve", "--flight", "127.0.0.1:0", *arguments), cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        watch = threading.Timer(START_SECONDS_MAX, self.server.kill)
        watch.start()
        said = []
        for line in self.server.stdout:
            said.append(line)
            address = re.search(r"Serving .* grpc\S*://127\.0\.0\.1:(\d+)", line)
            if address:
                watch.cancel()
                # what else it says is read, so that it never waits for a reader
                threading.Thread(target=self.server.stdout.read, daemon=True).start()
                return int(address[1])
            assert len(said) < GREETING_LINES_MAX, f"no address in:\n{''.join(said)}"
        raise AssertionError(f"the server ended with {self.server.wait()}:\n{''.join(said)}")

    def stop(self):
        if self.server:
            self.server.terminate()
            code = self.server.wait(timeout=START_SECONDS_MAX)
            assert code == 0, f"the server ended with {code}"
            self.server = None


def run(arguments, results):
    command = [sys.executable, str(HERE / "flight_acceptance.py"), *arguments, "--json", str(results)]
    # its exit status is not asked: a `must` that fails may be an exception, and a `should` may not
    subprocess.run(command, timeout=RUN_SECONDS_MAX)
    return json.loads(results.read_text()) if results.exists() else []


def judge(results, exceptions):
    """What is not as it should be."""
    if not results:
        return ["no results"]
    found = {result["name"]: result for result in results}
    wrong = [
        f"{result['status']} {result['level']} {name}: {result['detail']}"
        for name, result in found.items()
        if result["status"] != "PASS" and name not in exceptions
    ]
    for name, reason in exceptions.items():
        if name not in found or found[name]["status"] == "PASS":
            wrong.append(f"{name} passes or is not there, and is listed as an exception ({reason})")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path, help="the built program `chatlake`")
    parser.add_argument("--jdbc-jar", type=pathlib.Path, help="the JDBC driver; without it its checks are left out")
    parser.add_argument("--big-rows", type=int, default=2_000_000, help="rows of the large results")
    arguments = parser.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = Program(str(arguments.program.resolve()), folder)
        key = program.fill()
        served, port = None, None
        try:
            for server, kind, options, exceptions in runs(key, arguments.big_rows, arguments.jdbc_jar):
                if server != served:
                    served, port = server, program.serve(SERVERS[server])
                print(f"\n=== {server}, {kind}", flush=True)
                what = ["--table", "messages", "--key", "ingest_seq", "--types-sql", TYPES_SQL]
                watched = ["--port", str(port), "--server-pid", str(program.server.pid)]
                jar = ["--jdbc-jar", str(arguments.jdbc_jar.resolve())] if arguments.jdbc_jar else []
                results = folder / f"{len(wrong)}-{server}-{kind}.json"
                found = judge(run([*what, *watched, *jar, *options], results), exceptions)
                wrong += [f"{server}, {kind}: {each}" for each in found]
        finally:
            program.stop()
    print("\n" + ("\n".join(wrong) or "all as it should be"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
