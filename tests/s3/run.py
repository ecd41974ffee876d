#!/usr/bin/env python3
"""Runs crates/storage/tests/s3.rs against an S3 server that it brings: `tests/s3/run.py [arguments of the test program]`.

1. A virtual environment with moto (requirements.txt) is made below the cache folder, once per content of that file.
2. moto serves a bucket in memory on a port that the system chose. It answers one request at a time: moto looks and then
   stores, so only then are its conditional puts as atomic as those of a real store.
3. cargo runs the test with the variables set; the server ends with it.

CARGO_TARGET_DIR and CHATLAKE_TEST_CACHE (default: chatlake in the XDG cache folder) say where things go. With
CHATLAKE_TEST_S3_URL and AWS_* variables of a store of your own, run cargo yourself: see README.md beside this file.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUCKET = "chatlake-test"
NEEDED = "python3 (3.10 or newer) with the modules venv and pip, and a package index for the first run"


def cache() -> pathlib.Path:
    named = os.environ.get("CHATLAKE_TEST_CACHE")
    if named:
        return pathlib.Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "chatlake"


def environment() -> pathlib.Path:
    """The Python of the virtual environment, made when it is not there whole."""
    requirements = HERE / "requirements.txt"
    content = requirements.read_bytes() + sys.version.encode()
    folder = cache() / f"s3-server-{hashlib.sha256(content).hexdigest()[:16]}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--requirement", requirements], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"error: the S3 server needs {NEEDED}: {error}")
        ready.touch()
    return python


def serve() -> None:
    """In the virtual environment: prints the port, then serves until standard input ends."""
    import threading

    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: object) -> None:
            pass

    application = DomainDispatcherApplication(create_backend_app, service="s3")
    server = make_server("127.0.0.1", 0, application, threaded=False, request_handler=Quiet)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


def test(port: int, arguments: list[str]) -> int:
    endpoint = f"http://127.0.0.1:{port}"
    request = urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request, timeout=60).close()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "CHATLAKE_TEST_S3_URL": f"s3://{BUCKET}/tests",
    }
    cargo = ["cargo", "test", "--release", "-p", "chatlake-storage", "--features", "s3", "--test", "s3"]
    return subprocess.run([*cargo, "--", *arguments], cwd=ROOT, env=variables).returncode


def main() -> int:
    server = subprocess.Popen(
        [environment(), __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        port = server.stdout.readline()
        if not port:
            sys.exit("error: the S3 server ended before it served")
        return test(int(port), sys.argv[1:])
    finally:
        server.stdin.close()
        server.wait(timeout=60)


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        sys.exit(main())
