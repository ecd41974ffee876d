#!/usr/bin/env python3
"""Runs crates/storage/tests/s3.rs against an S3 server of its own: crates/storage/tests/s3/run.py [arguments of cargo test].

1. A virtual environment with moto is made below CARGO_TARGET_DIR (by default `target`), once per content of requirements.txt.
2. moto serves S3 on a port that the system chose, with one empty bucket and one request at a time, while the tests run.
3. The tests run with the variables that lead there. The exit code is theirs.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import urllib.request
import venv

BUCKET = "chatlake-test"
ROOT = pathlib.Path(__file__).resolve().parents[4]
REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")


def python_with_moto() -> pathlib.Path:
    content = REQUIREMENTS.read_bytes() + sys.version.encode()
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    folder = target / "tmp" / f"chatlake-s3-{hashlib.sha256(content).hexdigest()[:16]}"
    # written last, so that an environment that was cut short is made again
    ready = folder / "ready"
    python = folder / "bin" / "python"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True)
        ready.touch()
    return python


def s3_server():
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class Quiet(MotoRequestHandler):
        def log_request(self, *_):
            pass

    moto = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()

    # moto looks for an object and then puts it; what S3 does in one step must be one step here
    def one_at_a_time(environ, start_response):
        with turn:
            return list(moto(environ, start_response))

    return make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=Quiet)


def run_tests(arguments: list[str]) -> int:
    server = s3_server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        bucket = urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT")
        urllib.request.urlopen(bucket).close()
        there = {
            "AWS_ENDPOINT": endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "CHATLAKE_TEST_S3_URL": f"s3://{BUCKET}/tests",
        }
        tests = ["-p", "chatlake-storage", "--features", "s3", "--test", "s3"]
        command = ["cargo", "test", "--release", "--locked", *tests, *arguments]
        return subprocess.run(command, cwd=ROOT, env={**os.environ, **there}).returncode
    finally:
        server.shutdown()


if __name__ == "__main__":
    if os.environ.get("CHATLAKE_S3_INSIDE") == "1":
        sys.exit(run_tests(sys.argv[1:]))
    inside = {**os.environ, "CHATLAKE_S3_INSIDE": "1"}
    again = [python_with_moto(), __file__, *sys.argv[1:]]
    sys.exit(subprocess.run(again, env=inside).returncode)
