"""What is asked: a chatbot as of a moment, a window, and what of it is worth asking for."""

import dataclasses
import datetime
import json
import random

from reference import literal

ANALYTICS_DAYS_MAX = 90


@dataclasses.dataclass
class Tenant:
    """A chatbot as of a moment, with ids and values that occur in it."""

    chatbot: str
    as_of: datetime.datetime
    rng: random.Random
    values: dict = dataclasses.field(default_factory=dict)

    def some(self, name, count=1):
        """A few of the values of this name, one that does not occur among them now and then."""
        known = self.values[name]
        if not known or self.rng.random() < 0.05:
            return [f"no such {name}"]
        return self.rng.sample(known, min(count, len(known)))


@dataclasses.dataclass
class Window:
    """A period of a tenant, perhaps of one inbox."""

    tenant: Tenant
    period: str
    first: str | None = None
    last: str | None = None
    inbox: str | None = None

    def __str__(self):
        dates = f" {self.first}…{self.last}" if self.period == "custom" else ""
        inbox = f" in {self.inbox!r}" if self.inbox is not None else ""
        return f"{self.tenant.chatbot!r} as of {self.tenant.as_of}Z {self.period}{dates}{inbox}"

    def call(self, function, *arguments, **options):
        """`function(chatbot, period, arguments…, options)`."""
        options = {"as_of": self.tenant.as_of.isoformat() + "Z"} | options
        if self.period == "custom":
            options |= {"from": self.first, "to": self.last}
        if self.inbox is not None:
            options["inbox_id"] = self.inbox
        return call(function, self.tenant.chatbot, self.period, *arguments, options)


def call(function, *arguments):
    """A table function with values as arguments, options last."""
    texts = [json.dumps(argument, ensure_ascii=False) if isinstance(argument, dict) else argument for argument in arguments]
    return f"{function}({', '.join(map(literal, texts))})"


def values_of(reference):
    """Ids and values of the reference's tenant."""
    column = reference.column
    known = {
        "agent": "SELECT DISTINCT agent_id FROM agents ORDER BY 1",
        "conversation": "SELECT conversation_id FROM conversations ORDER BY 1",
        "inbox": "SELECT DISTINCT inbox_id FROM conversations WHERE inbox_id IS NOT NULL ORDER BY 1",
        "organization": "SELECT organization_id FROM organizations ORDER BY 1",
        "team": "SELECT team_id FROM teams ORDER BY 1",
        "workflow": "SELECT workflow_id FROM workflows ORDER BY 1",
    }
    values = {name: column(sql) for name, sql in known.items()}
    # pieces of what people look for: from the front, the middle and the end of texts
    texts = column("SELECT content FROM messages WHERE is_visible AND content <> '' ORDER BY conversation_id, message_id LIMIT 300")
    texts += column("SELECT name FROM users WHERE name IS NOT NULL ORDER BY user_id LIMIT 100")
    texts += column("SELECT user_id FROM users ORDER BY user_id LIMIT 100") + ["%", "_", "\\", "'", "ß", "GRÖ", "日", "  offer  ", "😀"]
    pieces = {text[start : start + 8] for text in texts for start in (0, len(text) // 2)}
    # characters whose lower case is not one character are another matter than searching
    values["piece"] = sorted(piece for piece in pieces if piece.strip(" ") == piece.strip() and "İ" not in piece)
    return values


def windows(tenant, periods, custom_count, inbox_count):
    """The windows of a tenant: every period, and ranges of days; each in all inboxes, then in single ones."""
    today = tenant.as_of.date()
    found = [(period, None, None) for period in periods]
    for number in range(custom_count):
        days = tenant.rng.choice([1, 1, 2, 7, 30, 31, ANALYTICS_DAYS_MAX])
        # the first ends today, so that something is in it
        last = today - datetime.timedelta(days=0 if number == 0 else tenant.rng.randrange(500))
        first = last - datetime.timedelta(days=days - 1)
        found.append(("custom", first.isoformat(), last.isoformat()))
    for period, first, last in found:
        yield Window(tenant, period, first, last)
        for inbox in tenant.some("inbox", inbox_count) if inbox_count else []:
            yield Window(tenant, period, first, last, inbox)
