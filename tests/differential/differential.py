"""Chatlake and the reference implementation side by side: every page, cell by cell.

    differential.py --oracle DIR --data FILE.ndjson[.gz] (--program PATH | --uri grpc://HOST:PORT)

`--oracle` is the folder of the reference implementation: its ingest (`ingest_ref.py`) and its SQL for DuckDB. `--program` loads
the data into a new lake and serves it; `--uri` asks a server whose lake holds exactly this data.

Prints a table (page, comparisons, differences) and the first differences; ends with 1 when there are some. A difference that
vanishes when the reference takes exact means (specification §5.6) is counted as `threshold` and is none.
"""

import argparse
import collections
import datetime
import pathlib
import random
import sys
import tempfile
import traceback

import asked
import compare
import drills
import listings
import pages
from program import Program
from reference import Reference

PERIODS = ["last_7_days", "last_15_days", "last_30_days", "today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_year", "last_year", "all_time"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--oracle", required=True, type=pathlib.Path, metavar="DIR", help="the reference implementation")
    parser.add_argument("--data", required=True, type=pathlib.Path, metavar="FILE", help="records as NDJSON, may be gzipped")
    served = parser.add_mutually_exclusive_group(required=True)
    served.add_argument("--program", metavar="PATH", help="the program `chatlake`")
    served.add_argument("--uri", help="a Flight SQL server that has the data")
    parser.add_argument("--chatbots", type=int, metavar="N", help="only the N chatbots with the most messages")
    parser.add_argument("--periods", default=",".join(PERIODS), help="comma-separated presets [default: all]")
    parser.add_argument("--custom", type=int, default=3, metavar="N", help="ranges of days besides the presets [default: 3]")
    parser.add_argument("--inboxes", type=int, default=1, metavar="N", help="windows of single inboxes besides all of them [default: 1]")
    parser.add_argument("--as-of", action="append", metavar="INSTANT", help="e.g. 2026-03-12T16:00:00Z [default: the chatbot's last message, and half a year before]")
    parser.add_argument("--pages", metavar="NAMES", help="only these pages, comma-separated")
    parser.add_argument("--seed", type=int, default=1, help="of what is chosen at random [default: 1]")
    parser.add_argument("--show", type=int, default=3, metavar="N", help="differences shown per page [default: 3]")
    return parser.parse_args()


class Tally:
    """What was compared, by page."""

    def __init__(self, shown_max):
        self.shown_max = shown_max
        self.counts = collections.defaultdict(collections.Counter)

    def add(self, question, window, outcome, lines=()):
        count = self.counts[question.page]
        count["comparisons"] += 1
        count[outcome] += 1
        if outcome == "differences" and count[outcome] <= self.shown_max:
            sql = question.reference if isinstance(question.reference, str) else question.reference.__doc__
            print(f"\n--- {question.page}: {window}\n{question.ours}\n-- reference: {' '.join((sql or '').split())[:1500]}", *lines, sep="\n", flush=True)

    def add_drill(self, drill, window, call, lines):
        """The page's numbers against what is behind them."""
        outcome = "differences" if lines else "same"
        self.add(listings.Question(f"{drill.page} drill", call, "the page itself"), window, outcome, lines[:6])

    def table(self):
        columns = ["comparisons", "rows", "differences", "threshold"]
        lines = [f"{'page':<34}" + "".join(f"{name:>13}" for name in columns)]
        total = collections.Counter()
        for page, count in sorted(self.counts.items()):
            total.update(count)
            lines.append(f"{page:<34}" + "".join(f"{count[name]:>13}" for name in columns))
        return "\n".join([*lines, f"{'all':<34}" + "".join(f"{total[name]:>13}" for name in columns)])

    def difference_count(self):
        return sum(count["differences"] for count in self.counts.values())


def compare_sides(program, reference, window, question, tally):
    """One question to both sides."""
    reference.set(**{"include_guests": "false"} | question.variables)
    answer = (lambda: question.reference(reference)) if callable(question.reference) else (lambda: reference.query(question.reference))
    expected = answer()
    try:
        found = program.query(question.ours)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong there is a difference
        tally.add(question, window, "differences", [f"{type(error).__name__}: {str(error)[:600]}"])
        return
    tally.counts[question.page]["rows"] += len(expected.rows)
    found = narrowed(found, expected)
    if compare.same(expected, found):
        return tally.add(question, window, "same")
    exact = reference.query_exactly(question.reference) if isinstance(question.reference, str) else expected
    if compare.same(exact, found):
        return tally.add(question, window, "threshold")
    tally.add(question, window, "differences", compare.differences(exact, found, 6))


def check_drills(program, window, wanted, tally):
    for drill in drills.DRILLS:
        if wanted is None or drill.page in wanted:
            try:
                call, lines = drills.check(program, window, drill)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong there is a difference
                call, lines = drill.page, [f"{type(error).__name__}: {str(error)[:600]}"]
            tally.add_drill(drill, window, call, lines)


def narrowed(found, expected):
    """`SELECT *` of ours without the columns that the reference does not have, when those that it has come first."""
    count = len(expected.names)
    if found.names[:count] != expected.names:
        return found
    return compare.Result(found.names[:count], [row[:count] for row in found.rows])


def questions(window, reference, is_first):
    if is_first:
        yield from pages.of_tenant(window, reference)
        yield from listings.chat_users(reference).questions(window, reference)
    guests = window.tenant.rng.random() < 0.5
    for listing in [listings.users(reference, guests), listings.organizations(reference), listings.conversations(reference)]:
        # a listing reads its filters' values from the reference
        reference.set(**{"include_guests": "false"} | listing.variables)
        yield from listing.questions(window, reference)
    yield from pages.of_window(window, reference)


def chatbots(reference, count):
    """By their number of messages."""
    return reference.column("SELECT chatbot_id FROM raw_messages GROUP BY 1 ORDER BY count(*) DESC, 1")[:count]


def moments(reference, chatbot, given):
    if given:
        return [datetime.datetime.fromisoformat(moment).astimezone(datetime.timezone.utc).replace(tzinfo=None) for moment in given]
    (last,) = reference.connection.execute("SELECT max(sent_at) FROM raw_messages WHERE chatbot_id = ?", [chatbot]).fetchone()
    return [last, (last - datetime.timedelta(days=182)).replace(microsecond=0)]


def main():
    options = arguments()
    tally = Tally(options.show)
    wanted = set(options.pages.split(",")) if options.pages else None
    with tempfile.TemporaryDirectory() as folder:
        reference = Reference(options.oracle, options.data, folder)
        program = Program(options.uri) if options.uri else Program.start(options.program, str(options.data), f"{folder}/lake")
        with program:
            for chatbot in chatbots(reference, options.chatbots):
                for as_of in moments(reference, chatbot, options.as_of):
                    rng = random.Random(f"{options.seed} {chatbot} {as_of}")
                    reference.tenant(chatbot, as_of)
                    tenant = asked.Tenant(chatbot, as_of, rng, asked.values_of(reference))
                    for number, window in enumerate(asked.windows(tenant, options.periods.split(","), options.custom, options.inboxes)):
                        reference.window(window.period, window.first, window.last, window.inbox)
                        for question in questions(window, reference, number == 0):
                            if wanted is None or question.page in wanted:
                                compare_sides(program, reference, window, question, tally)
                        check_drills(program, window, wanted, tally)
                print(f"… {chatbot!r}: {tally.difference_count()} differences so far", file=sys.stderr, flush=True)
    print(f"\n{tally.table()}")
    return 1 if tally.difference_count() else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(1)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        sys.exit(2)
