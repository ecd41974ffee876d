"""Odd but valid records for Chatlake, the same for the same seed.

    odd_data.py [--seed N] [--conversations PER_CHATBOT] FILE.ndjson[.gz]

Every oddity is one that the domain specification speaks of: threads over years, texts of 300,000 characters, users without
metadata, guests who are identified later, many messages at one instant, time zones with offsets of 45 and 30 minutes and with
midnights that do not exist or come twice, resolves and reopens at exactly 24 hours, reassignments, private notes, broadcasts,
analyses per column at different times ([] is not the same as missing), organizations that move, credits with refunds, AI
texts, flows, workflow runs of equal versions, retries with changed content, late data, ids with any character.

Texts of AI tools are ASCII, because the reference implementation measures edits in bytes. No record is refused, so what two
programs accept is not compared here.
"""

import argparse
import datetime
import gzip
import json
import pathlib
import random

UTC = datetime.timezone.utc
BEGIN = datetime.datetime(2019, 1, 1, tzinfo=UTC)
# the oracle's now, and what reference and program take as "received" when nobody says it
END = datetime.datetime(2026, 3, 12, 16, 0, tzinfo=UTC)
DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
MICROSECOND = datetime.timedelta(microseconds=1)

# (account, zone, chatbots); chatbots of None belong to no registered account
TENANTS = [
    ("acc kathmandu", "Asia/Kathmandu", ["bot/ktm"]),
    ("acc-marquesas", "Pacific/Marquesas", ["böt%mqs"]),
    ("acc-ny", "America/New_York", ["bot ny", "bot_ny_2"]),
    ("acc-howe", "Australia/Lord_Howe", ["bot'howe"]),
    ("acc-havana", "America/Havana", ["bot.havana"]),
    ("acc-santiago", "America/Santiago", ['bot"santiago']),
    ("acc-cairo", "Africa/Cairo", ["機器人/kairo"]),
    (None, None, ["bot-nobody-registered"]),
]

USER_IDS = [
    "u1", "u%2F2", "ü/ß", "日本 3", "o'brien", 'say "hi"', "50%", "_under_", "a\\b", "..", "😀", "Straße", "ÄRGER", "x|y", "a,b;c",
    "anon:not really", 12345, "U1", "u 1", "-1", "null", "user\tTab", "İstanbul", "ﬁ",
]  # fmt: skip
USER_NAMES = ["Ann", "ann", "Ärger Groß", "日本太郎", "O'Brien", "100% Bob", "Under_Score", "Zoë", "😀 Smile", "=1+1", "Bob\\Slash"]
PLANS = ["free", "pro", "Pro", "enterprise", "プロ"]
INDUSTRIES = ["fintech", "retail", "Retail", "health & care"]
ORGANIZATIONS = ["org/1", "org%2", "Organisation Ü", "org'3", "org 4"]
COUNTRIES = ["us", "DE", "np", "PF", "cu"]
DEVICES = ["Desktop", "mobile", "tablet", "TV"]
INTENTS = ["order status", "Refund!", "request_human", "Small Talk", "プロ"]
TOPICS = ["billing", "Shipping", "API", "seats & plans", "export"]
BEHAVIOR = ["churn_risk", "Frustrated User", "buying-signal", "Praise"]
QUALITY = ["hallucinating", "Dodging", "premature closure"]
RESOLUTIONS = ["fully_resolved", "Partially Resolved", "UNRESOLVED"]
# multiples of a tenth and their neighbours: means of these often lie on the thresholds 0.2 and 0.5, exactly or nearly
SCORES = [round(i / 10, 1) for i in range(-10, 11)] + [0.25, -0.25, 0.35, 0.15, 0.123456789, -0.2000000001, 0.2000000001, 1, -1, 0]
WORDS = ["offer", "100% OFF", "under_score", "Größe", "GRÖSSE", "日本語", "hello", "Where is my order?", "thanks", "😀👍", "\n", "tab\there", "null", ""]
EVENT_GAPS = [24 * 3600 * SECOND, 24 * 3600 * SECOND - MICROSECOND, 24 * 3600 * SECOND + MICROSECOND, 24 * 3600 * SECOND - SECOND]


class Maker:
    """Writes the records of one chatbot; `out` is a list of (arrival, record)."""

    def __init__(self, rng, out, account, chatbot, long_texts):
        self.rng, self.out, self.account, self.chatbot = rng, out, account, chatbot
        self.long_texts = long_texts
        self.agents = [f"agent {i}/{chatbot}"[:40] for i in range(5)] + ["agent-unregistered"]
        self.teams = ["team a", "team/b", "team empty"]
        self.inboxes = [("inb/web", "web"), ("inb%wa", "whatsapp"), ("inb-unregistered", None)]
        self.profiles = {}

    # -- small things

    def put(self, arrival, record_type, /, **fields):
        record = {"type": record_type, **{name: value for name, value in fields.items() if value is not LEFT_OUT}}
        if record_type not in ("agent", "team", "team_member", "credit_entry", "account"):
            record.setdefault("chatbot_id", self.chatbot)
        self.out.append((arrival, record))

    def instant(self, at):
        """One of the spellings of an instant that mean the same microsecond."""
        kind = self.rng.randrange(6)
        if kind == 0 and at.microsecond % 1000 == 0:
            return round((at - datetime.datetime(1970, 1, 1, tzinfo=UTC)) / datetime.timedelta(milliseconds=1))
        if kind == 1:
            zone = datetime.timezone(datetime.timedelta(minutes=self.rng.choice([345, -570, 630, 0, -240])))
            return at.astimezone(zone).isoformat()
        if kind == 2 and at.microsecond == 0:
            return at.strftime("%Y-%m-%dT%H:%M:%S.0Z")
        if kind == 3:
            return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + self.rng.choice(["Z", "999Z", "001+00:00"])
        return at.isoformat().replace("+00:00", "Z")

    def some_time(self):
        """A moment: mostly of the last weeks, sometimes years ago; often near local midnights and clock changes."""
        kind = self.rng.random()
        if kind < 0.55:
            at = END - DAY * self.rng.uniform(0, 45)
        elif kind < 0.85:
            at = END - DAY * self.rng.uniform(0, 400)
        else:
            at = BEGIN + (END - BEGIN) * self.rng.random()
        if self.rng.random() < 0.3:
            # whole quarter hours: offsets of all zones are multiples of them, so these are the edges of days
            at = at.replace(minute=self.rng.choice([0, 15, 30, 45]), second=0, microsecond=0) + self.rng.choice([-1, 0, 0, 1]) * SECOND
        elif self.rng.random() < 0.5:
            at = at.replace(microsecond=0)
        return min(at, END - SECOND)

    def text(self):
        if self.long_texts and self.rng.random() < 0.02:
            self.long_texts -= 1
            piece = self.rng.choice(["x", "ab ", "日", "offer "])
            return piece * (self.rng.choice([300_000, 99_999]) // len(piece))
        return " ".join(self.rng.choice(WORDS) for _ in range(self.rng.randrange(4)))

    def maybe(self, values, share=0.6):
        return self.rng.choice(values) if self.rng.random() < share else LEFT_OUT

    def tenths(self, share=0.7):
        return self.rng.choice(SCORES) if self.rng.random() < share else None

    # -- registries

    def registries(self):
        start = BEGIN - DAY
        for inbox, channel in self.inboxes[:2]:
            self.put(start, "inbox", inbox_id=inbox, channel=channel, name="old name")
            self.put(start, "inbox", inbox_id=inbox, channel=channel, name=f"Inbox {inbox}")
        for flow in ["flow/1", "flow 2"]:
            self.put(start, "flow", flow_id=flow, name=f"Flow {flow}")
        self.put(start, "broadcast", broadcast_id="b%1", name="Sale", template="sale", category="marketing")
        conditions = [
            {"op": "and", "all": [{"kind": "flag", "cmp": "detected", "value": "churn_risk"}, {"kind": "sentiment_score", "cmp": "<", "value": -0.2}]},
            {"op": "or", "all": [{"kind": "topic", "cmp": "!=", "value": "billing"}, {"op": "and", "all": [{"kind": "intent", "cmp": "=", "value": "refund"}]}]},
            {"op": "and", "all": []},
            {"op": "or", "all": []},
            {"op": "and", "all": [{"kind": "quality_flag", "cmp": "not_detected", "value": "dodging"}]},
            {"op": "and", "all": [{"kind": "sentiment_label", "cmp": "!=", "value": "Neutral"}, {"kind": "flag", "cmp": "not_detected", "value": "praise"}]},
            {"op": "or", "all": [{"kind": "resolution", "cmp": "=", "value": "unresolved"}, {"kind": "sentiment_score", "cmp": "=", "value": 0.2}]},
        ]  # fmt: skip
        triggers = ["user_message", "any_message", "any_message", "user_message", "assistant_message", "user_message", "any_message"]
        for number, (condition, trigger) in enumerate(zip(conditions, triggers, strict=True)):
            self.put(start, "workflow", workflow_id=f"w/{number}", name=f"Workflow {number}", trigger=trigger, conditions=condition,
                     actions=[{"kind": "webhook"}] if number % 2 else [], status="inactive" if number == 3 else "active")  # fmt: skip

    def account_registries(self, zone):
        start, account = BEGIN - DAY, self.account
        hours = [{"dow": day, "open": "09:00", "close": "17:00"} for day in range(1, 6)] + [{"dow": 6, "open": "22:00", "close": "24:00"}]
        self.put(start, "account", account_id=account, name=account, timezone="UTC")
        self.put(start, "account", account_id=account, name=account, timezone=zone, business_hours=hours)
        for agent in self.agents[:5]:
            self.put(start, "agent", account_id=account, agent_id=agent, name=agent.upper(), email="a@example.org", role=self.rng.choice(["agent", "admin", "Owner"]))
        for team in self.teams:
            self.put(start, "team", account_id=account, team_id=team, name=team.title())
        for team, agent in [(0, 0), (0, 1), (1, 1), (1, 2), (0, 5)]:
            self.put(start, "team_member", account_id=account, team_id=self.teams[team], agent_id=self.agents[agent])

    # -- metadata

    def user(self):
        """What a caller says about a user this time: nothing, a rung of the identity ladder, or much."""
        rng, kind = self.rng, self.rng.random()
        if kind < 0.1:
            return LEFT_OUT
        if kind < 0.2:
            return {"name": rng.choice(USER_NAMES)}
        if kind < 0.25:
            return {"platformId": f"wa:+1 {rng.randrange(5)}", "sourcePlatform": rng.choice(["WhatsApp", "whatsapp"])}
        if kind < 0.3:
            return {"email": f"Person{rng.randrange(5)}@Example.ORG"}
        if kind < 0.35:
            return {"phone": f"+977 555 01{rng.randrange(5)}"}
        user = {"id": rng.choice(USER_IDS)}
        if rng.random() < 0.3:
            return user
        said = {
            "name": rng.choice(USER_NAMES), "firstName": "  ", "lastName": rng.choice(["Last", ""]), "email": f"{rng.randrange(9)}@example.org",
            "phone": f"+1555{rng.randrange(99):02}", "plan": rng.choice(PLANS), "industry": rng.choice(INDUSTRIES),
            "mrr": rng.choice([0, 49, 99.99, 100, 999.995, "1500", 5000, None]), "platformId": f"p/{rng.randrange(9)}",
            "sourcePlatform": rng.choice(["Web", "messenger"]), "profilePicture": "https://example.org/p.png",
        }  # fmt: skip
        return user | {name: value for name, value in said.items() if rng.random() < 0.5}

    def organization(self):
        rng, kind = self.rng, self.rng.random()
        if kind < 0.4:
            return LEFT_OUT
        if kind < 0.5:
            return {"name": rng.choice(["  Acme Corp ", "ACME corp", "Größe AG"])}
        organization = {"id": rng.choice(ORGANIZATIONS)}
        said = {"name": rng.choice(["Acme Corp", "Beta", "Größe AG"]), "plan": rng.choice(PLANS), "industry": rng.choice(INDUSTRIES), "mrr": rng.choice([0, 300, 1000, 5000, 12000.5])}
        return organization | {name: value for name, value in said.items() if rng.random() < 0.5}

    def session(self):
        rng = self.rng
        if rng.random() < 0.5:
            return LEFT_OUT
        said = {"id": f"s{rng.randrange(99)}", "pageUrl": "https://example.org/?q=1%2F2", "referrer": "https://example.org/ü", "device": rng.choice(DEVICES), "country": rng.choice(COUNTRIES)}
        return {name: value for name, value in said.items() if rng.random() < 0.6}

    def metadata(self, conversation, at, inbox):
        self.put(self.late(at), "conversation", conversation_id=conversation, user=self.user(), organization=self.organization(), session=self.session(),
                 inbox_id=inbox if self.rng.random() < 0.8 else LEFT_OUT, channel=self.maybe(["Web Chat", "sms"], 0.1),
                 custom=self.maybe([{"tier": "gold"}, {"n": 1, "ok": True}, {"a.b": "x%y"}], 0.2), updated_at=self.instant(at))  # fmt: skip

    def late(self, at):
        """When a record arrives: at once, days later, or before what happened earlier."""
        kind = self.rng.random()
        return at if kind < 0.7 else at + DAY * self.rng.uniform(0, 9) if kind < 0.95 else at + DAY * 400

    # -- conversations

    def message(self, conversation, number, at, sender, **more):
        message_id = f"m/{number}"
        agent = self.rng.choice(self.agents) if sender == "agent" else LEFT_OUT
        fields = {"agent_id": agent, "broadcast_id": "b%1" if sender == "broadcast" else LEFT_OUT} | more
        content = self.text()
        self.put(self.late(at), "message", conversation_id=conversation, message_id=message_id, sent_at=self.instant(at), sender_type=sender, content=content, **fields)
        if self.rng.random() < 0.06:
            # a retry with other content, time and day: the first write wins
            again = at + self.rng.choice([0, 1, -1, 40]) * DAY
            self.put(self.late(at) + DAY * 500, "message", conversation_id=conversation, message_id=message_id, sent_at=self.instant(min(again, END)),
                     sender_type=self.rng.choice(["customer", "bot"]), content="EDITED RETRY offer")  # fmt: skip
        if sender in ("customer", "bot") or self.rng.random() < 0.2:
            self.analyses(conversation, message_id, at)
        return message_id

    def analyses(self, conversation, message_id, at):
        """Runs that analyse some kinds each; a later run replaces a kind as a whole, [] is a result, a missing kind is not."""
        rng = self.rng
        for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
            done = at + rng.choice([SECOND, SECOND * 60, DAY * 2, -SECOND, SECOND * 0])
            fields = {}
            if rng.random() < 0.7:
                sentiment = {"score": self.tenths(0.8)}
                if rng.random() < 0.2:
                    sentiment = {"label": rng.choice(["Very Negative", "neutral"])}
                elif rng.random() < 0.2:
                    sentiment = {"chunks": [{"text_chunk": "x", "score": rng.choice(SCORES)} for _ in range(rng.randrange(4))]}
                fields["sentiment"] = sentiment
            for name, values in [("behavior_flags", BEHAVIOR), ("quality_flags", QUALITY), ("topics", TOPICS)]:
                if rng.random() < 0.5:
                    fields[name] = [rng.choice(values) for _ in range(rng.randrange(3))]
                elif rng.random() < 0.2:
                    fields[name] = None
            fields["intent"] = self.maybe(INTENTS, 0.4)
            fields["resolution"] = self.maybe(RESOLUTIONS, 0.1)
            self.put(self.late(done), "annotation", conversation_id=conversation, message_id=message_id, annotated_at=self.instant(done), **fields)

    def event(self, conversation, at, event, **fields):
        event_id = self.maybe([f"e{self.rng.randrange(10**9)}"], 0.7)
        self.put(self.late(at), "conversation_event", conversation_id=conversation, event=event, occurred_at=self.instant(at), event_id=event_id, **fields)

    def assignment(self, conversation, at):
        rng, kind = self.rng, self.rng.random()
        agent, team = rng.choice(self.agents), rng.choice(self.teams)
        if kind < 0.2:
            self.event(conversation, at, "unassigned", agent_id=self.maybe([agent], 0.5))
            return
        self.event(conversation, at, "assigned", actor="agent", agent_id=agent if kind < 0.8 else LEFT_OUT, team_id=team if kind > 0.5 else LEFT_OUT)
        if rng.random() < 0.3:
            # the same again: changes nothing and does not count
            self.event(conversation, at + SECOND, "assigned", agent_id=agent if kind < 0.8 else LEFT_OUT, team_id=team if kind > 0.5 else LEFT_OUT)

    def thread(self, conversation, inbox, turns, start):
        """A thread of an inbox platform: sessions that end and begin to the microsecond, agents, notes, broadcasts."""
        rng, at = self.rng, start
        for number in range(turns):
            at += rng.choice([SECOND * 0, SECOND, SECOND * 3600, DAY * rng.uniform(0, 3), DAY * rng.uniform(0, 90) if turns > 30 else SECOND * 5])
            if at >= END:
                return
            kind = rng.random()
            if kind < 0.4:
                self.message(conversation, number, at, "customer")
            elif kind < 0.55:
                self.message(conversation, number, at, "bot")
            elif kind < 0.7:
                self.message(conversation, number, at, "agent", is_private=rng.random() < 0.3)
            elif kind < 0.74:
                self.message(conversation, number, at, "broadcast")
            elif kind < 0.77:
                self.message(conversation, number, at, "system")
            elif kind < 0.87:
                self.assignment(conversation, at)
            else:
                self.event(conversation, at, "resolved", actor=rng.choice(["agent", "bot", LEFT_OUT]))
                follow = rng.random()
                if follow < 0.6:
                    at = min(at + rng.choice(EVENT_GAPS), END - SECOND)
                    if follow < 0.3:
                        self.message(conversation, f"{number}b", at, "customer")
                    else:
                        self.event(conversation, at, rng.choice(["reopened", "opened"]), actor=rng.choice(["customer", "agent", LEFT_OUT]))
                elif follow < 0.8:
                    self.event(conversation, at + SECOND * 10, "resolved")
            if rng.random() < 0.1:
                self.metadata(conversation, at, inbox)
            if rng.random() < 0.1:
                self.put(at, "annotation", conversation_id=conversation, annotated_at=self.instant(at), resolution=rng.choice(RESOLUTIONS))

    def sdk_conversation(self, conversation, inbox, start):
        """Calls of an SDK: some messages each, said about the user what is known at the time (a guest may be identified later)."""
        rng, at, number = self.rng, start, 0
        identified_at = rng.choice([0, 0, 1, 99])
        for call in range(rng.randrange(1, 5)):
            messages = []
            for _ in range(rng.randrange(1, 5)):
                at += rng.choice([SECOND * 0, SECOND * 2, SECOND * 61, DAY * rng.uniform(0, 2)])
                if at >= END:
                    return
                role = rng.choice(["user", "user", "assistant", "system"])
                message = {"role": role, "content": self.text(), "sentAt": self.instant(at)}
                if rng.random() < 0.85:
                    message["id"] = f"c{number}"
                    self.analyses(conversation, message["id"], at)
                number += 1
                messages.append(message)
            user = self.user() if call >= identified_at else LEFT_OUT
            record = dict(conversationId=conversation, messages=messages, user=user, organization=self.organization(), session=self.session(),
                          inboxId=inbox if rng.random() < 0.8 else LEFT_OUT, received_at=self.instant(at))  # fmt: skip
            self.put(self.late(at), "capture", **record)
            if rng.random() < 0.2:
                # the same call again, with another text of one message and nothing about the user
                retry = dict(record, messages=[dict(messages[0], content="EDITED RETRY offer")], user=LEFT_OUT, organization=LEFT_OUT)
                self.put(self.late(at) + DAY * 600, "capture", **retry)
        if rng.random() < 0.5:
            self.event(conversation, at + SECOND, "resolved", actor="bot")

    def crowd(self, conversation, inbox, at):
        """Many messages at one instant."""
        for number in range(self.rng.randrange(20, 60)):
            self.message(conversation, number, at, self.rng.choice(["customer", "bot", "agent"]))
        self.metadata(conversation, at, inbox)

    def conversations(self, count):
        rng = self.rng
        names = ["c/{}", "c%{}", "c {}", "ç{}", "日本{}", "c'{}", 'c"{}', "C_{}", "c\\{}", "c.{}"]
        for number in range(count):
            conversation, (inbox, _) = names[number % len(names)].format(number), rng.choice(self.inboxes)
            start, kind = self.some_time(), rng.random()
            if kind < 0.4:
                self.sdk_conversation(conversation, inbox, start)
            elif kind < 0.45:
                self.crowd(conversation, inbox, start)
            elif kind < 0.5:
                self.message(conversation, 0, start, "broadcast")
                self.metadata(conversation, start, inbox)
            elif kind < 0.53:
                self.metadata(conversation, start, inbox)
            elif kind < 0.56:
                self.event(conversation, start, "opened", actor="customer")
                self.assignment(conversation, start + SECOND)
            elif kind < 0.6:
                # assigned before anything else, and a reply before the customer says a word
                self.assignment(conversation, start - SECOND)
                self.message(conversation, 0, start, "agent")
                self.message(conversation, 1, start + SECOND * 30, "customer")
                self.message(conversation, 2, start + SECOND * 90, "agent")
            elif kind < 0.9:
                self.metadata(conversation, start, inbox)
                self.thread(conversation, inbox, rng.randrange(3, 25), start)
            else:
                self.metadata(conversation, BEGIN + DAY, inbox)
                self.thread(conversation, inbox, rng.randrange(60, 120), BEGIN + DAY * rng.uniform(1, 800))
            self.around(conversation, start, number)

    # -- what happens around conversations

    def around(self, conversation, at, number):
        rng = self.rng
        where = conversation if rng.random() < 0.8 else rng.choice([LEFT_OUT, "c-unknown"])
        for index in range(rng.randrange(3)):
            trigger = f"t{number}.{index}"
            happened = min(at + DAY * rng.random(), END)
            self.put(self.late(at), "flow_trigger", trigger_id=trigger, flow_id=rng.choice(["flow/1", "flow 2", "flow unregistered"]), conversation_id=where, triggered_at=self.instant(happened))
            if rng.random() < 0.1:
                self.put(self.late(at) + DAY * 500, "flow_trigger", trigger_id=trigger, flow_id="flow 2", triggered_at=self.instant(happened - DAY))
        for index in range(rng.randrange(3)):
            suggested = rng.choice([None, "", "kitten", "hello world", "a" * rng.randrange(200)])
            final = rng.choice([None, "", "sitting", "hello world!", suggested, "b" * rng.randrange(200)])
            self.put(self.late(at), "ai_tool_use", use_id=f"x{number}.{index}", tool=rng.choice(["ai_writer", "Doc_Reply"]), used_at=self.instant(min(at + SECOND * index, END)),
                     conversation_id=where, agent_id=self.maybe(self.agents), suggested_text=suggested, final_text=final, translation_used=self.maybe([True, False]))  # fmt: skip
        for index in range(rng.randrange(3)):
            self.workflow_runs(conversation, where, at, f"r{number}.{index}")
        if rng.random() < 0.2:
            self.put(self.late(at), "user_profile", user_id=str(rng.choice(USER_IDS)), name=self.maybe(USER_NAMES), email=self.maybe(["Admin@example.org", ""]), plan=self.maybe(PLANS),
                     mrr=self.maybe([10, "20.005", 0]), organization_id=self.maybe(ORGANIZATIONS), platform_id=self.maybe(["wa:1"]), source_platform=self.maybe(["Admin"], 0.2),
                     profile_created_at=self.instant(BEGIN), updated_at=self.instant(at))  # fmt: skip
        if self.account:
            self.credits(at, number)

    def workflow_runs(self, conversation, where, at, run):
        rng, moment = self.rng, at
        for status in rng.sample(["pending", "triggered", "success", "failed", "skipped"], rng.randrange(1, 4)):
            moment += rng.choice([SECOND * 0, SECOND, -SECOND])
            self.put(self.late(at), "workflow_run", run_id=run, workflow_id=f"w/{rng.randrange(7)}", status=status, occurred_at=self.instant(at), updated_at=self.instant(moment),
                     conversation_id=where, message_id=self.maybe(["m/0"]), error=self.maybe(["HTTP 500"], 0.2))  # fmt: skip

    def credits(self, at, number):
        rng, account = self.rng, self.account
        entry = f"{self.chatbot}:{number}"
        inbox = self.maybe([name for name, _ in self.inboxes])
        for index in range(rng.randrange(3)):
            fields = dict(account_id=account, chatbot_id=self.chatbot, inbox_id=inbox, entry_id=f"{entry}.{index}", kind="usage", category=rng.choice(["Marketing", "utility", " AUTHENTICATION", "service", None]),
                          amount_usd=rng.choice(["0.0625", 0.014, "0.0000005", "0.0000004", 1, "12.345678"]), template=self.maybe(["promo"]), occurred_at=self.instant(min(at, END)))  # fmt: skip
            self.put(self.late(at), "credit_entry", **fields)
            if rng.random() < 0.1:
                self.put(self.late(at) + DAY * 500, "credit_entry", **dict(fields, amount_usd=99))
        if rng.random() < 0.15:
            kind = rng.choice(["topup", "refund", "adjustment"])
            amount = rng.choice(["-5.5", -1]) if kind == "adjustment" else rng.choice([100, "0.0625"])
            self.put(self.late(at), "credit_entry", account_id=account, entry_id=f"{entry}.x", kind=kind, amount_usd=amount, occurred_at=self.instant(at))


class LeftOut:
    """A field that a record does not have."""


LEFT_OUT = LeftOut()


def records(seed, conversation_count, long_texts=3):
    """All records in the order in which they arrive."""
    rng, out = random.Random(seed), []
    for account, zone, chatbots in TENANTS:
        for index, chatbot in enumerate(chatbots):
            maker = Maker(rng, out, account, chatbot, long_texts)
            if account is not None:
                if index == 0:
                    maker.account_registries(zone)
                maker.put(BEGIN - DAY, "chatbot", account_id=account, name=f"Bot {chatbot}")
            maker.registries()
            maker.conversations(conversation_count)
    # stable: records of one moment keep the order in which they were made
    out.sort(key=lambda pair: pair[0])
    return [strip(record) for _, record in out]


def strip(value):
    if isinstance(value, dict):
        return {name: strip(inner) for name, inner in value.items() if inner is not LEFT_OUT}
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conversations", type=int, default=100, metavar="PER_CHATBOT")
    parser.add_argument("file", type=pathlib.Path)
    arguments = parser.parse_args()
    lines = [json.dumps(record, ensure_ascii=False) for record in records(arguments.seed, arguments.conversations)]
    text = "".join(line + "\n" for line in lines).encode()
    arguments.file.write_bytes(gzip.compress(text, mtime=0) if arguments.file.suffix == ".gz" else text)
    print(f"{len(lines)} records, {len(text)} bytes")


if __name__ == "__main__":
    main()
