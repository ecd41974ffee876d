"""Questions to the entity pages: sorting, paging, filters, ranges, search and facets over a relation of the reference."""

import dataclasses
import decimal

from reference import literal


@dataclasses.dataclass
class Question:
    """The same question to both sides: ours in SQL, the reference's in SQL or as a function of the reference."""

    page: str
    ours: str
    reference: object
    variables: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Listing:
    """An entity page, and the reference's relation that has its columns and those of its filters."""

    page: str
    entity: str | None
    relation: str
    key: str
    columns: list[str]
    texts: set[str]
    order: str
    search: list[str]
    filters: dict[str, str]
    lists: dict[str, str] = dataclasses.field(default_factory=dict)
    ranges: dict[str, str] = dataclasses.field(default_factory=dict)
    facets: list[str] = dataclasses.field(default_factory=list)
    search_sql: str | None = None
    variables: dict = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)

    def questions(self, window, reference):
        """As it opens; sorted and paged; filtered; searched; and what its facets offer."""
        rng = window.tenant.rng
        yield self.question(window, {"page_size": 100}, ["TRUE"])
        sort = rng.choice(["", "-"]) + rng.choice(self.columns)
        size = rng.choice([10, 20, 50])
        yield self.question(window, {"sort": sort, "page_size": size, "page": rng.choice([1, 1, 2, 3])}, ["TRUE"])
        options, conditions = self.filtered(window, reference)
        yield self.question(window, options, conditions)
        piece = window.tenant.some("piece")[0]
        yield self.question(window, {"search": piece, "page_size": 100}, [self.searched(piece)])
        for facet in rng.sample(self.facets, min(2, len(self.facets))):
            # its own filter does not count
            others = self.filtered(window, reference, without=facet)
            yield self.facet(window, facet, *others)
            yield self.facet(window, facet, {}, ["TRUE"])

    def question(self, window, options, conditions):
        sort = options.get("sort", self.order)
        size, page = options.get("page_size", 20), options.get("page", 1)
        columns = ", ".join(self.columns)
        ours = f"SELECT {columns}, total FROM {window.call(self.page, **self.options, **options)}"
        theirs = f"""SELECT {columns}, count(*) OVER () AS total FROM ({self.relation}) WHERE {" AND ".join(conditions)}
            ORDER BY {self.ordering(sort)} LIMIT {size} OFFSET {size * (page - 1)}"""
        return Question(self.page, ours, theirs, self.variables)

    def ordering(self, sort):
        name, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
        terms = [f"lower({name})", name] if name in self.texts else [name]
        return ", ".join([f"{term} {direction} NULLS LAST" for term in terms] + [self.key])

    def searched(self, piece):
        needle = f"lower({literal(piece.strip())})"
        parts = [f"contains(lower({column}), {needle})" for column in self.search]
        if self.search_sql:
            parts.append(self.search_sql.format(needle=needle))
        return f"({' OR '.join(f'coalesce({part}, FALSE)' for part in parts)})"

    def filtered(self, window, reference, without=None):
        """Options of one or two filters and of a range, and the conditions that they mean."""
        rng, options, conditions = window.tenant.rng, {}, ["TRUE"]
        names = [name for name in [*self.filters, *self.lists] if name != without]
        for name in rng.sample(names, min(rng.choice([1, 1, 2]), len(names))):
            column = self.filters.get(name) or self.lists[name]
            given = f"unnest({column})" if name in self.lists else column
            known = reference.column(f"SELECT DISTINCT v FROM (SELECT {given} AS v FROM ({self.relation})) WHERE v IS NOT NULL ORDER BY 1 LIMIT 50")
            chosen = rng.sample(known, min(rng.choice([1, 2]), len(known))) or ["nothing is called this"]
            options[name] = chosen if rng.random() < 0.8 else chosen[0]
            wanted = chosen if options[name] is chosen else chosen[:1]
            listed = f"[{', '.join(map(literal, wanted))}]"
            conditions.append(f"list_has_any({column}, {listed})" if name in self.lists else f"{column} IN {literal(wanted)}")
        if self.ranges and rng.random() < 0.7:
            name, column = rng.choice(sorted(self.ranges.items()))
            known = reference.column(f"SELECT DISTINCT {column} FROM ({self.relation}) WHERE {column} IS NOT NULL ORDER BY 1")
            bound = rng.choice(known) if known else 1
            side = rng.choice(["min", "max"])
            options[f"{name}_{side}"] = float(bound) if isinstance(bound, decimal.Decimal) else bound
            conditions.append(f"{column} {'>=' if side == 'min' else '<='} {literal(bound)}")
        return options | {"page_size": 100}, conditions

    def facet(self, window, facet, options, conditions):
        options = {name: value for name, value in options.items() if name != "page_size"}
        column = self.filters.get(facet) or self.lists[facet]
        given = f"unnest({column})" if facet in self.lists else column
        ours = f"SELECT field, value, n FROM {window.call('facets', self.entity, facet, **self.options, **options)}"
        theirs = f"""SELECT {literal(facet)} AS field, value, count(*) AS n
            FROM (SELECT {given} AS value FROM ({self.relation}) WHERE {" AND ".join(conditions)}) WHERE value IS NOT NULL
            GROUP BY value ORDER BY n DESC, value"""
        return Question("facets", ours, theirs, self.variables)


def users(reference, include_guests):
    return Listing(
        page="users_page",
        entity="users",
        relation="SELECT * FROM v_users",
        key="user_id",
        columns=["user_id", "user_name", "display_name", "email", "plan", "industry", "mrr", "organization_id", "organization_name", "conversations",
                 "avg_sentiment", "avg_sentiment_weighted", "first_seen", "last_activity"],  # fmt: skip
        texts={"user_id", "user_name", "display_name", "email", "plan", "industry", "organization_id", "organization_name"},
        order="-last_activity",
        search=["user_name", "email", "user_id"],
        filters={"plan": "plan", "industry": "industry", "organization": "organization_id", "user_id": "user_id"},
        ranges={"conversations": "conversations", "avg_sentiment": "avg_sentiment", "mrr": "mrr"},
        facets=["plan", "industry", "organization"],
        variables={"include_guests": literal(include_guests)},
        options={"include_guests": True} if include_guests else {},
    )


def organizations(reference):
    return Listing(
        page="organizations_page",
        entity="organizations",
        relation="SELECT * FROM v_organizations",
        key="organization_id",
        columns=["organization_id", "organization_name", "plan", "industry", "mrr", "conversations", "users", "avg_sentiment", "avg_sentiment_weighted", "last_activity"],
        texts={"organization_id", "organization_name", "plan", "industry"},
        order="-last_activity",
        search=["organization_name", "organization_id"],
        filters={"plan": "plan", "industry": "industry", "organization_id": "organization_id"},
        ranges={"conversations": "conversations", "avg_sentiment": "avg_sentiment", "mrr": "mrr", "users": "users"},
        facets=["plan", "industry"],
    )


# flags, intents and topics of a whole conversation: of its visible messages, and said of it as a whole
CONVERSATION_FINDINGS = """
    SELECT conversation_id, list_sort(list_distinct(flatten(list(flags)))) AS flags, list_sort(list_distinct(list(intent))) AS intents,
        list_sort(list_distinct(flatten(list(topics)))) AS topics
    FROM (SELECT conversation_id, list_concat(coalesce(behavior_flags, []), coalesce(quality_flags, [])) AS flags, intent, coalesce(topics, []) AS topics
          FROM message_facts WHERE is_visible
          UNION ALL SELECT conversation_id, list_concat(coalesce(behavior_flags, []), coalesce(quality_flags, [])), intent, coalesce(topics, [])
          FROM annotations WHERE message_id IS NULL)
    GROUP BY conversation_id"""


def conversations(reference):
    relation = f"""SELECT b.*, c.user_id, c.inbox_id, c.channel, c.device, c.country, c.organization_id, u.name AS user_name, t.user_industry AS industry,
            t.user_mrr, t.org_plan, t.org_mrr, f.flags, f.intents, f.topics
        FROM ({reference.case("conversations_last_30_days")}) b JOIN conversations c ON c.conversation_id = b.conversation_id
        LEFT JOIN conversation_asof t ON t.conversation_id = b.conversation_id LEFT JOIN users u ON u.user_id = c.user_id
        LEFT JOIN ({CONVERSATION_FINDINGS}) f ON f.conversation_id = b.conversation_id"""
    return Listing(
        page="conversations_page",
        entity="conversations",
        relation=relation,
        key="conversation_id",
        columns=["conversation_id", "display_name", "email", "organization_name", "message_count", "avg_sentiment", "sentiment_label", "plan", "resolution",
                 "last_message_at", "created_at"],  # fmt: skip
        texts={"conversation_id", "display_name", "email", "organization_name", "sentiment_label", "plan", "resolution"},
        order="-last_message_at",
        search=["user_name", "email", "conversation_id"],
        search_sql="conversation_id IN (SELECT conversation_id FROM messages WHERE is_visible AND contains(lower(content), {needle}))",
        filters={"channel": "channel", "country": "country", "device": "device", "inbox": "inbox_id", "industry": "industry", "org_plan": "org_plan", "plan": "plan",
                 "resolution": "resolution", "organization_id": "organization_id", "sentiment_label": "sentiment_label", "user_id": "user_id"},  # fmt: skip
        lists={"flag": "flags", "intent": "intents", "topic": "topics"},
        ranges={"avg_sentiment": "avg_sentiment", "message_count": "message_count", "org_mrr": "org_mrr", "user_mrr": "user_mrr"},
        facets=["channel", "country", "device", "inbox", "industry", "org_plan", "plan", "resolution", "flag", "intent", "topic"],
    )


def chat_users(reference):
    return Listing(
        page="chat_users_page",
        entity="chat_users",
        relation=f"SELECT b.*, u.name FROM ({reference.case('chat_users')}) b JOIN users u ON u.user_id = b.user_id",
        key="user_id",
        columns=["user_name", "email", "phone", "platform_id", "profile_picture", "source_platform", "last_received_message", "user_id", "created_at",
                 "last_interaction", "sessions", "is_returning", "inactive_days"],  # fmt: skip
        texts={"user_name", "email", "phone", "platform_id", "profile_picture", "source_platform", "last_received_message", "user_id"},
        order="-last_interaction",
        search=["name", "user_id", "platform_id", "email", "phone"],
        filters={"source_platform": "source_platform", "user_id": "user_id"},
        ranges={"sessions": "sessions", "inactive_days": "inactive_days"},
        facets=["source_platform"],
    )
