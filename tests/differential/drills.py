"""Do the ids behind the numbers give the numbers? Every page that has a `drill` against itself (specification §12).

A count is the number of rows of its metric, an average the mean of their values, an amount of money their sum. The reference
has no drill; the page's own numbers are compared with it elsewhere.
"""

import dataclasses

from compare import same_cell, shown

RESPONSES = ["response_time_s"]


@dataclasses.dataclass
class Drill:
    """How the metrics of a page's drill are named after its numbers."""

    page: str
    counts: list[str]
    means: list[str] = dataclasses.field(default_factory=list)
    sums: list[str] = dataclasses.field(default_factory=list)
    # columns of the page whose values follow the column's name, `messages:behavior:churn_risk`
    keys: list[str] = dataclasses.field(default_factory=list)
    # a column of page and drill that tells numbers of one name apart: a day, a user
    place: str | None = None
    place_in_drill: str | None = None
    # extra columns to show
    extras: list[str] = dataclasses.field(default_factory=list)
    # a value that the tenant has, as argument
    argument: str | None = None
    options: dict = dataclasses.field(default_factory=dict)

    def numbers(self, page):
        """(metric, place) → (kind, value) of the page's rows."""
        found = {}
        for row in page.rows:
            cells = dict(zip(page.names, row, strict=True))
            suffix = "".join(f":{cells[key]}" for key in self.keys if cells[key] is not None)
            place = cells[self.place] if self.place else None
            for kind, columns in [("count", self.counts), ("mean", self.means), ("sum", self.sums)]:
                for column in columns:
                    if cells[column] is not None:
                        found[column + suffix, place] = kind, cells[column]
        return found


@dataclasses.dataclass
class NamedDrill(Drill):
    """A page of which a row is a metric, named by `keys`; its numbers are in `columns`, by what their metrics begin with."""

    columns: dict = dataclasses.field(default_factory=lambda: {"": "value"})

    def numbers(self, page):
        found = {}
        for row in page.rows:
            cells = dict(zip(page.names, row, strict=True))
            name = ":".join(cells[key] for key in self.keys)
            kind = "mean" if "avg_" in name or name.endswith("_rate") else "count"
            for prefix, column in self.columns.items():
                if cells[column] is not None:
                    found[prefix + name, None] = kind, cells[column]
        return found


DRILLS = [
    Drill("analytics_channel_info", ["active_sessions", "contacts", "messages_sent_7d", "messages_received_7d"]),
    Drill("analytics_sessions", ["active_sessions", "unassigned", "assigned", "resolved", "new_incoming_sessions"]),
    Drill("analytics_contacts", ["new_contacts", "active_customers", "idle_customers", "contacts"]),
    Drill("analytics_flows", ["flows_triggered", "times_triggered"]),
    Drill("analytics_balance", [], sums=["total_credits_used", "balance"]),
    Drill("resolution_rates", ["assessed", "fully_resolved", "partially_resolved", "unresolved", "not_assessed"], ["resolution_rate", "full_resolution_rate"]),
    Drill("analytics_messages_daily", ["agent_sent", "bot_sent", "broadcast_sent", "received"], place="day"),
    Drill("analytics_sessions_daily", ["new_incoming_sessions", "active_sessions"], place="day", extras=["active_sessions"]),
    Drill("analytics_flows_daily", ["flows_triggered", "times_triggered"], place="day"),
    Drill("analytics_credit_history", ["templates_sent"], sums=["credits_used"], place="day"),
    Drill("analytics_agent_daily", ["times_assigned", "messages_sent", "conversations_assigned", "active_sessions"], RESPONSES, place="day",
          extras=["active_sessions", "response_time_s", "conversations_assigned"], argument="agent"),  # fmt: skip
    Drill("analytics_team_daily", ["times_assigned", "messages_sent", "active_sessions"], place="day", extras=["active_sessions"], argument="team"),
    Drill("sentiment_trend", ["scored_messages", "conversations", "satisfied", "neutral", "dissatisfied", "unscored"], ["avg_sentiment_weighted"], place="day"),
    Drill("analytics_agents", ["active_sessions", "times_assigned", "messages_sent", "conversations_assigned"], RESPONSES, keys=["agent_id"], extras=["conversations_assigned"]),
    Drill("analytics_agents", ["active_sessions", "times_assigned", "messages_sent"], RESPONSES, keys=["agent_id"], options={"business_hours": True}),
    Drill("analytics_teams", ["active_sessions", "times_assigned", "messages_sent"], keys=["team_id"]),
    Drill("analytics_ai_tools", ["usage_count", "measured"], ["average_accuracy"], keys=["tool"]),
    Drill("analytics_credit_usage", ["templates_sent"], sums=["credits_used"], keys=["category"]),
    Drill("analytics_popular_flows", ["times_triggered"], keys=["flow_id"]),
    Drill("sentiment_distribution", ["messages"], keys=["label"]),
    Drill("flag_rates", ["messages", "conversations"], keys=["kind", "flag"]),
    Drill("top_intents", ["messages", "conversations"], ["avg_sentiment_weighted"], keys=["intent"]),
    Drill("top_topics", ["messages", "conversations"], ["avg_sentiment_weighted"], keys=["topic"], extras=["avg_sentiment_weighted"]),
    Drill("churn_risk_accounts", ["conversations", "churn_flagged_conversations", "dissatisfied_users", "users"], ["avg_sentiment", "previous_avg_sentiment"],
          keys=["organization_id"], options={"min_mrr": 0, "min_drop": 0.0}),  # fmt: skip
    Drill("expansion_targets", ["buying_signal_conversations"], ["avg_sentiment"], keys=["user_id"], options={"min_sentiment": -1.0}),
    Drill("segments", ["users", "conversations", "churn_flagged", "assessed"], ["avg_sentiment", "resolution_rate"], keys=["segment"], argument="by"),
    Drill("workflow_runs_summary", ["runs", "pending", "triggered", "success", "failed", "skipped"], keys=["workflow_id"]),
    Drill("users_page", ["conversations"], ["avg_sentiment", "avg_sentiment_weighted"], place="user_id"),
    Drill("organizations_page", ["conversations", "users"], ["avg_sentiment", "avg_sentiment_weighted"], place="organization_id", place_in_drill="record_id"),
    NamedDrill("analytics_messages", [], keys=["metric"]),
    NamedDrill("analytics_overview", [], keys=["metric"], options={"include_analyzed_today": True}, columns={"": "value", "previous_": "previous"}),
    NamedDrill("qbr", [], keys=["section", "key"], argument="organization"),
]


def check(program, window, drill):
    """What is behind the numbers and is not them, as lines."""
    arguments = []
    if drill.argument == "by":
        arguments = [window.tenant.rng.choice(["plan", "industry", "organization", "country", "device", "channel"])]
    elif drill.argument:
        arguments = window.tenant.some(drill.argument)
    page = whole_page(program, window, drill, arguments)
    place = drill.place_in_drill or drill.place or "CAST(NULL AS TEXT)"
    call = window.call(drill.page, *arguments, drill=True, **drill.options)
    behind = program.query(f"SELECT metric, {place} AS place, count(*) AS n, avg(value) AS mean, sum(value) AS total FROM {call} GROUP BY metric, {place}")
    found = {(metric, where): {"count": count, "mean": mean, "sum": total} for metric, where, count, mean, total in behind.rows}
    lines = []
    for (metric, where), (kind, number) in drill.numbers(page).items():
        given = found.get((metric, where), {}).get(kind)
        given = 0 if given is None and kind != "mean" else given
        if given is None or not same_cell(float(number), float(given)):
            lines.append(f"{metric} {where or ''}: the page says {shown(number)}, the {kind} behind it is {shown(given)}")
    return call, lines


def whole_page(program, window, drill, arguments):
    """All rows of the page, of listings too."""
    options = dict(drill.options)
    if drill.extras:
        options["columns"] = [*([drill.place] if drill.place else drill.keys), *drill.counts, *drill.means, *drill.sums]
    if not drill.page.endswith("_page"):
        return program.query(f"SELECT * FROM {window.call(drill.page, *arguments, **options)}")
    result = None
    for number in range(1, 1000):
        part = program.query(f"SELECT * FROM {window.call(drill.page, *arguments, page_size=100, page=number, **options)}")
        if result is None:
            result = part
        else:
            result.rows += part.rows
        if len(part.rows) < 100:
            return result
    return result
