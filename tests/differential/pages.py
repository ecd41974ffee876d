"""Questions to every page that is no listing. The reference's side is the SQL of its own case, with other literals where it has
some; where the reference has no case, the definition stands here, over its relations.
"""

import datetime
import statistics
import zoneinfo

import conditions
from asked import call
from compare import Result
from listings import Question
from reference import literal

SENT_BY_AGENT = "m.sender_type = 'agent' AND m.direction = 'outbound' AND inbox_ok(m.inbox_id)"


def of_window(window, reference):
    """Questions about a window."""
    for function, case in [
        ("analytics_channel_info", "channel_info"),
        ("analytics_messages", "messages_totals"),
        ("analytics_messages_daily", "messages_daily"),
        ("analytics_sessions", "sessions_now"),
        ("analytics_sessions_daily", "sessions_daily"),
        ("analytics_contacts", "contacts"),
        ("analytics_agents", "agents"),
        ("analytics_teams", "teams"),
        ("analytics_flows", "flows_totals"),
        ("analytics_popular_flows", "flows_popular"),
        ("analytics_flows_daily", "flows_daily"),
        ("analytics_credit_usage", "payment_by_category"),
        ("analytics_balance", "payment_totals"),
        ("analytics_credit_history", "payment_history"),
        ("analytics_ai_tools", "feature_usage"),
        ("analytics_overview", "overview_7d"),
        ("sentiment_distribution", "sentiment_distribution_30d"),
        ("sentiment_trend", "sentiment_trend"),
        ("flag_rates", "flags_30d"),
        ("resolution_rates", "resolution_30d"),
        ("top_intents", "intents_30d"),
        ("workflow_runs_summary", "workflow_runs_7d"),
        ("export_sessions", "export_sessions_7d"),
    ]:
        yield Question(function, f"SELECT * FROM {window.call(function)}", reference.case(case))
    yield Question("top_topics", f"SELECT topic, messages, conversations FROM {window.call('top_topics')}", reference.case("topics_30d"))
    yield from agents_and_teams(window, reference)
    yield from accounts(window, reference)
    yield from segments(window, reference)
    for workflow in window.tenant.some("workflow", 2):
        yield Question("workflow_dry_run", f"SELECT * FROM {window.call('workflow_dry_run', workflow)}", lambda reference, workflow=workflow: conditions.dry_run(reference, workflow))


def agents_and_teams(window, reference):
    agent, team = window.tenant.some("agent")[0], window.tenant.some("team")[0]
    is_agent, is_team = f"= {literal(agent)}", f"= {literal(team)}"
    members = f"IN (SELECT agent_id FROM team_members WHERE team_id {is_team})"
    yield Question("analytics_agent_daily", f"SELECT * FROM {window.call('analytics_agent_daily', agent)}", reference.case("agent_daily_ag_1", {"'ag_1'": literal(agent)}))
    yield Question("analytics_team_daily", f"SELECT * FROM {window.call('analytics_team_daily', team)}", f"""
        SELECT d.day, (SELECT count(*) FROM assignments a JOIN conversations c USING (conversation_id) WHERE a.occurred_at >= d.day_from AND a.occurred_at < d.day_to AND inbox_ok(c.inbox_id)
                AND ((a.team_changed AND a.team_id {is_team}) OR (a.agent_changed AND a.agent_id {members}))) AS times_assigned,
            (SELECT count(*) FROM message_facts m WHERE {SENT_BY_AGENT} AND m.sent_at >= d.day_from AND m.sent_at < d.day_to AND m.agent_id {members}) AS messages_sent
        FROM days d ORDER BY d.day""")  # fmt: skip
    yield Question("analytics_team_daily", f"SELECT * FROM {window.call('analytics_team_daily', '*')}", f"""
        SELECT d.day, (SELECT count(*) FROM assignments a JOIN conversations c USING (conversation_id) WHERE a.occurred_at >= d.day_from AND a.occurred_at < d.day_to AND inbox_ok(c.inbox_id)
                AND (a.team_changed OR a.agent_changed)) AS times_assigned,
            (SELECT count(*) FROM message_facts m WHERE {SENT_BY_AGENT} AND m.sent_at >= d.day_from AND m.sent_at < d.day_to) AS messages_sent
        FROM days d ORDER BY d.day""")  # fmt: skip
    columns = "agent_id, name, active_sessions, times_assigned, messages_sent, response_time_s, response_time_median_s"
    of_agent = reference.case("agents", {"FROM agents g": f"FROM agents g WHERE g.agent_id {is_agent}"})
    yield Question("analytics_agents", f"SELECT {columns} FROM {window.call('analytics_agents', agent_id=agent)}", of_agent)
    of_team = reference.case("agents", {"FROM agents g": f"FROM agents g WHERE g.agent_id {members}"})
    yield Question("analytics_agents", f"SELECT {columns} FROM {window.call('analytics_agents', team_id=team)}", of_team)
    ours = f"SELECT agent_id, response_time_s, response_time_median_s FROM {window.call('analytics_agents', business_hours=True)}"
    yield Question("analytics_agents", ours, business_response_times)
    # everything of an agent or a team: of sessions, whom they are assigned to
    for options, condition in [({"agent_id": agent}, f"agent_id {is_agent}"), ({"team_id": team}, f"(team_id {is_team} OR agent_id {members})")]:
        sessions = reference.case("sessions_now", {"AND inbox_ok(inbox_id)": f"AND inbox_ok(inbox_id) AND coalesce({condition}, FALSE)"})
        yield Question("analytics_sessions", f"SELECT * FROM {window.call('analytics_sessions', **options)}", sessions)
        daily = reference.case("sessions_daily", {"AND inbox_ok(inbox_id)": f"AND inbox_ok(inbox_id) AND coalesce({condition}, FALSE)"})
        yield Question("analytics_sessions_daily", f"SELECT * FROM {window.call('analytics_sessions_daily', **options)}", daily)
        sender = f"agent_id {is_agent}" if "agent_id" in options else f"agent_id {members}"
        messages = reference.case("messages_totals", {"AND inbox_ok(inbox_id)": f"AND inbox_ok(inbox_id) AND {sender}"})
        yield Question("analytics_messages", f"SELECT * FROM {window.call('analytics_messages', **options)}", messages)


def accounts(window, reference):
    rng = window.tenant.rng
    organization = window.tenant.some("organization")[0]
    yield Question("qbr", f"SELECT * FROM {window.call('qbr', organization)}", reference.case("qbr_acme_30d", {"'org_acme'": literal(organization)}))
    yield Question("churn_risk_accounts", f"SELECT * FROM {window.call('churn_risk_accounts')}", reference.case("churn_risk_7d"))
    mrr, drop = rng.choice([0, 300, 5000]), rng.choice([0.0, 0.05, 0.5])
    limits = {"o.mrr >= 1000": f"o.mrr >= {mrr}", "<= -0.2 ": f"<= -{drop} "}
    yield Question("churn_risk_accounts", f"SELECT * FROM {window.call('churn_risk_accounts', min_mrr=mrr, min_drop=drop)}", reference.case("churn_risk_7d", limits))
    yield Question("expansion_targets", f"SELECT * FROM {window.call('expansion_targets')}", reference.case("expansion_7d"))
    limit = rng.choice([-1.0, 0.0, 0.5])
    theirs = reference.case("expansion_7d", {"v.avg_sentiment > 0.2": f"v.avg_sentiment > {limit}"})
    yield Question("expansion_targets", f"SELECT * FROM {window.call('expansion_targets', min_sentiment=limit, include_guests=True)}", theirs, {"include_guests": "true"})


def segments(window, reference):
    """Properties of the profile, of the time of the conversation, and of the conversation itself."""
    for by, snapshot, value in [
        ("plan", False, "u.plan"),
        ("industry", False, "u.industry"),
        ("organization", False, "u.organization_id"),
        ("plan", True, "t.user_plan"),
        ("industry", True, "t.user_industry"),
        ("organization", True, "c.organization_id"),
        ("country", False, "c.country"),
        ("device", True, "c.device"),
        ("channel", False, "c.channel"),
    ]:
        replaced = {
            "coalesce(u.plan,": f"coalesce({value},",
            "LEFT JOIN users u USING (user_id)": "LEFT JOIN users u ON u.user_id = w.user_id JOIN conversations c ON c.conversation_id = w.conversation_id JOIN conversation_asof t ON t.conversation_id = w.conversation_id",
            "LEFT JOIN resolutions r USING (conversation_id)": "LEFT JOIN resolutions r ON r.conversation_id = w.conversation_id",
        }
        yield Question("segments", f"SELECT * FROM {window.call('segments', by, snapshot=snapshot)}", reference.case("segments_plan_current_30d", replaced))


def of_tenant(window, reference):
    """Questions about single conversations, which have no window."""
    tenant, options = window.tenant, {"as_of": window.tenant.as_of.isoformat() + "Z"}
    for conversation in tenant.some("conversation", 12):
        named = {"'c2'": literal(conversation)}
        # a label that was given is shown where there is no score (§5.6)
        labelled = {
            "sentiment_label(m.score)": "coalesce(sentiment_label(m.score), CASE WHEN m.role = 'user' THEN a.sentiment_label_given END)",
            "FROM message_facts m": "FROM message_facts m LEFT JOIN annotations a ON a.conversation_id = m.conversation_id AND a.message_id = m.message_id",
        }
        columns = "message_id, sent_at, sender_type, agent_id, content, score, sentiment_label, behavior_flags, quality_flags, intent, topics"
        ours = f"SELECT {columns} FROM {call('conversation_detail', tenant.chatbot, conversation, options)}"
        yield Question("conversation_detail", ours, reference.case("detail_c2_messages", named | labelled))
        columns = "conversation_id, user_id, name, organization_id, user_plan, user_mrr, org_plan, session_id, page_url, referrer, device, country, started_at, last_message_at, resolution"
        ours = f"SELECT {columns} FROM {call('conversation_sidebar', tenant.chatbot, conversation, options)}"
        yield Question("conversation_sidebar", ours, reference.case("detail_c2_sidebar", named))
        ours = f"SELECT * FROM {call('conversation_sessions', tenant.chatbot, conversation, options)}"
        yield Question("conversation_sessions", ours, reference.case("detail_sessions_c5", {"'c5'": literal(conversation)}))


# ------------------------------------------------------------------------------------------- business hours


def business_response_times(reference):
    """Response times of agents in seconds of business hours (§7.5)."""
    pairs, _, _ = reference.case("agents").partition("\nSELECT g.agent_id")
    pairs += " SELECT agent_id, greatest(inbound_at, coalesce(assigned_at, inbound_at)), replied_at FROM rt WHERE in_window(replied_at) AND inbox_ok(inbox_id)"
    zone = zoneinfo.ZoneInfo(reference.column("SELECT getvariable('tz')")[0])
    schedule = reference.column("SELECT business_hours FROM accounts WHERE account_id = getvariable('account_id')")
    hours = conditions.parsed(schedule[0]) if schedule else None
    times = {}
    for agent, start, end in reference.query(pairs).rows:
        times.setdefault(agent, []).append(business_seconds(start, end, zone, hours))
    agents = reference.column("SELECT agent_id FROM agents ORDER BY agent_id")
    rows = [[agent, statistics.fmean(times[agent]), float(statistics.median(times[agent]))] if agent in times else [agent, None, None] for agent in agents]
    return Result(["agent_id", "response_time_s", "response_time_median_s"], rows)


def business_seconds(start, end, zone, hours):
    """Seconds of [start, end) inside the weekly hours; `start` and `end` are UTC."""
    if not hours:
        return (end - start).total_seconds()
    utc = datetime.timezone.utc
    start, end = start.replace(tzinfo=utc), end.replace(tzinfo=utc)
    day, last, total = start.astimezone(zone).date(), end.astimezone(zone).date(), 0.0
    while day <= last:
        for interval in (each for each in hours if each["dow"] == day.isoweekday()):
            opens, closes = (instant_of(day, interval[name], zone) for name in ("open", "close"))
            total += max(0.0, (min(end, closes) - max(start, opens)).total_seconds())
        day += datetime.timedelta(days=1)
    return total


def instant_of(day, clock, zone):
    hour, minute = map(int, clock.split(":"))
    if hour == 24:
        day, hour = day + datetime.timedelta(days=1), 0
    return datetime.datetime.combine(day, datetime.time(hour, minute), zone).astimezone(datetime.timezone.utc)
