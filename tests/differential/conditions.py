"""Workflow conditions (specification §8.8) over the reference's relations: the reference has one pair of conditions only."""

import json
import operator

from compare import Result
from reference import literal

KINDS = {
    "sentiment_score": "score",
    "sentiment_label": "label",
    "intent": "intent",
    "resolution": "resolution",
    "topic": "topics",
    "flag": "behavior_flags",
    "quality_flag": "quality_flags",
}
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne}
TRIGGERS = {"user_message": ("user",), "assistant_message": ("assistant",), "any_message": ("user", "assistant")}
FACTS = """
    SELECT m.conversation_id, m.message_id, m.sent_at, m.role, m.score, r.resolution, m.intent, m.topics, m.behavior_flags, m.quality_flags,
        coalesce(sentiment_label(m.score), CASE WHEN m.role = 'user' THEN a.sentiment_label_given END) AS label
    FROM message_facts m LEFT JOIN annotations a ON a.conversation_id = m.conversation_id AND a.message_id = m.message_id
    LEFT JOIN resolutions r ON r.conversation_id = m.conversation_id
    WHERE m.is_visible AND in_window(m.sent_at) AND inbox_ok(m.inbox_id)
    ORDER BY m.sent_at, m.message_id, m.conversation_id"""


def parsed(value):
    return json.loads(value) if isinstance(value, str) else value


def dry_run(reference, workflow):
    """The messages for which the workflow would have run."""
    names = ["conversation_id", "message_id", "sent_at"]
    found = reference.query(f"""SELECT last(trigger ORDER BY ingest_seq), last(conditions ORDER BY ingest_seq) FROM raw_workflows
        WHERE chatbot_id = getvariable('chatbot_id') AND workflow_id = {literal(workflow)} GROUP BY workflow_id""").rows
    if not found:
        return Result(names, [])
    roles, condition = TRIGGERS.get(found[0][0], ()), parsed(found[0][1])
    facts = reference.query(FACTS)
    messages = (dict(zip(facts.names, row, strict=True)) for row in facts.rows)
    matching = [m for m in messages if m["role"] in roles and all(m[KINDS[kind]] is not None for kind in kinds(condition)) and matches(condition, m)]
    return Result(names, [[message[name] for name in names] for message in matching])


def kinds(condition):
    if "op" in condition:
        return {kind for inner in condition["all"] for kind in kinds(inner)}
    return {condition["kind"]}


def matches(condition, message):
    if "op" in condition:
        results = [matches(inner, message) for inner in condition["all"]]
        return all(results) if condition["op"] == "and" else any(results)
    value, wanted = message[KINDS[condition["kind"]]], condition["value"]
    if value is None:
        return False
    if condition["kind"] in ("topic", "flag", "quality_flag"):
        return (wanted in value) == (condition["cmp"] in ("=", "detected"))
    return COMPARISONS[condition["cmp"]](value, wanted)
