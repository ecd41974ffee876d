"""Runs what docs/connect says, as it stands there.

    run_pages.py --pages docs/connect --program target/release/chatlake

Run by tests/tests/connect.rs. A fenced block below a line `<!-- run -->` is run:

    <!-- run -->          sh: in a shell, whose variables the next blocks see; python: blocks that follow each other are one program
    <!-- run: server -->  sh: one command that serves; the blocks that follow find its address in CHATLAKE_URI
    <!-- run: postgres --> sh, against the PostgreSQL door, which PGHOST and PGPORT name; left out where there is no psql
    <!-- run: jdbc -->    java: one class, with the driver that --jdbc-jar names, else not at all

README.md comes first, since it makes the lake, the users and the certificate, then psql.md; then the other pages by name, and the code of the notebook,
without Jupyter. Everything happens in a folder of its own. A shell block reads the password from its standard input, as a person would type it. Prints a line per block and ends with 1
when one failed.
"""

import argparse
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading

MARK = re.compile(r"<!-- run(?:: (\w+))? -->")
FENCE = re.compile(r"```(\w*)")
BLOCK_SECONDS_MAX = 600
GREETING_LINES_MAX = 20
# the last command of a shell block: it says what was exported
SAY_VARIABLES = "\nexec \"$PAGE_PYTHON\" -c 'import json, os; json.dump(dict(os.environ), open(os.environ[\"PAGE_VARIABLES\"], \"w\"))'\n"
PLOT_COUNT = 3


class Block:
    def __init__(self, page, line, language, kind, text):
        self.page, self.line, self.language, self.kind, self.text = page, line, language, kind, text

    def __str__(self):
        return f"{self.page.name}:{self.line} {self.language}"


def blocks_of(page):
    """The marked blocks; a mark without a block below it is a mistake of the page."""
    found, kind, is_marked, lines = [], None, False, page.read_text().splitlines()
    number = 0
    while number < len(lines):
        mark, fence = MARK.fullmatch(lines[number].strip()), FENCE.fullmatch(lines[number])
        if mark:
            assert not is_marked, f"{page.name}:{number + 1}: a mark below a mark"
            kind, is_marked = mark[1], True
        elif fence:
            end = lines.index("```", number + 1)
            if is_marked:
                found.append(Block(page, number + 2, fence[1], kind, "\n".join(lines[number + 1 : end]) + "\n"))
            is_marked, number = False, end
        else:
            assert not (is_marked and lines[number].strip()), f"{page.name}:{number + 1}: expected a fenced block below the mark"
        number += 1
    assert not is_marked, f"{page.name}: the last mark has no block"
    return found


class House:
    """The folder, the environment and the server that blocks run with."""

    def __init__(self, folder, program, jdbc_jar):
        self.folder, self.jdbc_jar, self.server = folder, jdbc_jar, None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHATLAKE_")}
        paths = [str(program.parent), str(pathlib.Path(sys.executable).parent), kept.get("PATH", os.defpath)]
        self.environment = {
            **kept,
            "HOME": str(folder),
            "PATH": os.pathsep.join(paths),
            "MPLCONFIGDIR": str(folder / "matplotlib"),
            "PAGE_PYTHON": sys.executable,
            "PAGE_VARIABLES": str(folder / "variables.json"),
            # what a person would have chosen
            "CHATLAKE_FLIGHT": "127.0.0.1:0",
            "CHATLAKE_POSTGRES": "127.0.0.1:0",
            "CHATLAKE_USER": "ada",
            "CHATLAKE_PASSWORD": secrets.token_urlsafe(),
        }

    def run(self, command, **options):
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, text=True, timeout=BLOCK_SECONDS_MAX,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
        )
        assert done.returncode == 0, f"ended with {done.returncode}:\n{done.stdout}"

    def shell(self, block):
        variables = pathlib.Path(self.environment["PAGE_VARIABLES"])
        self.run(["sh", "-euc", block.text + SAY_VARIABLES], input=self.environment["CHATLAKE_PASSWORD"] + "\n")
        self.environment = json.loads(variables.read_text())

    def serve(self, block):
        self.stop()
        self.server = subprocess.Popen(
            ["sh", "-euc", "exec " + block.text], cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        watch = threading.Timer(BLOCK_SECONDS_MAX, self.server.kill)
        watch.start()
        try:
            self.await_address()
        finally:
            watch.cancel()

    def await_address(self):
        said = []
        for line in self.server.stdout:
            said.append(line)
            if address := re.search(r"Serving .* (grpc\S*://\S+)", line):
                self.environment["CHATLAKE_URI"] = address[1]
            # the last line of the greeting
            if address := re.search(r'psql "host=(\S+) port=(\d+) ', line):
                self.environment.update(PGHOST="localhost", PGHOSTADDR=address[1], PGPORT=address[2])
                # what else it says is read, so that it never waits for a reader
                threading.Thread(target=self.server.stdout.read, daemon=True).start()
                return
            assert len(said) < GREETING_LINES_MAX, f"no address in:\n{''.join(said)}"
        raise AssertionError(f"the server ended with {self.server.wait()}:\n{''.join(said)}")

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(timeout=BLOCK_SECONDS_MAX)
            self.server = None

    def python(self, blocks):
        program = ""
        for block in blocks:
            # as many lines as in the page, so that a traceback names the page's line
            program += "\n" * (block.line - 1 - program.count("\n")) + block.text
        # not `pandas.py`, which `import pandas` would find
        source = self.folder / f"page_{blocks[0].page.stem}.py"
        source.write_text(program)
        self.run([sys.executable, str(source)])

    def java(self, block):
        source = self.folder / "Query.java"
        source.write_text(block.text)
        self.run(["java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", str(self.jdbc_jar), str(source)])


STRANGER = """
import os
import adbc_driver_flightsql.dbapi as flight
from adbc_driver_flightsql import DatabaseOptions

options = {DatabaseOptions.TLS_ROOT_CERTS.value: open(os.environ["CHATLAKE_CA"]).read()}
for credentials in ({}, {"username": os.environ["CHATLAKE_USER"], "password": "wrong"}):
    try:
        with flight.connect(os.environ["CHATLAKE_URI"], db_kwargs={**options, **credentials}, autocommit=True) as connection:
            connection.cursor().execute("SELECT 1")
    except Exception as error:
        assert "Unauthenticated" in str(error), error
    else:
        raise AssertionError(f"let in with {credentials}")
"""


def check_stranger(house):
    """The pages are about a server that asks who one is."""
    house.run([sys.executable, "-c", STRANGER])


# what Jupyter would do with the notebook's code: one cell after the other, in one namespace; a plot is what `plt.show()` shows
NOTEBOOK = """
import io, json, sys, warnings
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

plots = []

def show():
    for number in plt.get_fignums():
        plots.append(number)
        plt.figure(number).savefig(io.BytesIO())
    plt.close("all")

plt.show = show
warnings.simplefilter("error", UserWarning)
names = {"__name__": "__main__"}
for number, cell in enumerate(json.load(open(sys.argv[1]))["cells"]):
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
assert len(plots) == int(sys.argv[2]), f"expected {sys.argv[2]} plots, found {len(plots)}"
"""


def check_notebook(pages, house):
    """The notebook is stored without outputs, and its code makes its plots."""
    notebook = pages / "notebook.ipynb"
    code = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code), "notebook.ipynb is stored with outputs"
    house.run([sys.executable, "-c", NOTEBOOK, str(notebook), str(PLOT_COUNT)])


def check_index(pages):
    index = pages.joinpath("README.md").read_text()
    for page in pages.iterdir():
        assert page.name == "README.md" or f"]({page.name})" in index, f"README.md has no link to {page.name}"


def steps_of(page, house):
    """What to call for the blocks of a page, in order, each with its name and what to say when it is left out."""
    blocks = blocks_of(page)
    while blocks:
        block = blocks.pop(0)
        match block.language, block.kind:
            case "sh", None:
                yield str(block), lambda: house.shell(block)
            case "sh", "server":
                yield str(block), lambda: house.serve(block)
            case "python", None:
                program = [block]
                while blocks and (blocks[0].language, blocks[0].kind) == ("python", None):
                    program.append(blocks.pop(0))
                lines = ", ".join(str(each.line) for each in program)
                yield f"{page.name}:{lines} python", lambda: house.python(program)
            case "sh", "postgres" if shutil.which("psql"):
                yield str(block), lambda: house.shell(block)
            case "sh", "postgres":
                print(f"skipped {block}: there is no psql", flush=True)
            case "java", "jdbc" if house.jdbc_jar:
                yield str(block), lambda: house.java(block)
            case "java", "jdbc":
                print(f"skipped {block}: --jdbc-jar names no driver", flush=True)
            case _:
                raise AssertionError(f"{block}: no such kind of block: {block.kind}")


def run_step(name, step):
    try:
        step()
        print(f"ok      {name}", flush=True)
        return True
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        print(f"FAILED  {name}: {error}", flush=True)
        return False


def run_pages(pages, house):
    """How many steps failed. Without the lake, users and server of README.md the other pages are not tried."""
    if not all(run_step(name, step) for name, step in steps_of(pages / "README.md", house)):
        return 1
    failed = not run_step("a stranger is refused", lambda: check_stranger(house))
    others = sorted(page for page in pages.glob("*.md") if page.name != "README.md")
    # it names the variables that pages of other tools take as given
    others.sort(key=lambda page: page.name != "psql.md")
    steps = (step for page in others for step in steps_of(page, house))
    failed += sum(not run_step(name, step) for name, step in steps)
    failed += not run_step("notebook.ipynb", lambda: check_notebook(pages, house))
    return failed + (not run_step("links of README.md", lambda: check_index(pages)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", required=True, type=pathlib.Path, help="the folder of the pages")
    parser.add_argument("--program", required=True, type=pathlib.Path, help="the built program `chatlake`")
    parser.add_argument("--jdbc-jar", type=pathlib.Path, help="the JDBC driver; without it the Java block is left out")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jdbc_jar = arguments.jdbc_jar and arguments.jdbc_jar.resolve()
        house = House(pathlib.Path(folder).resolve(), arguments.program.resolve(), jdbc_jar)
        try:
            failed = run_pages(arguments.pages.resolve(), house)
        finally:
            house.stop()
    print(f"{failed} failed" if failed else "all blocks ran")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
