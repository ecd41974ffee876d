-- view: conversation_asof
-- doc: Point in time: what was said in a conversation, else the newest value known for its user or organization at its last visible message.
-- source: domain specification §3.3
-- key: chatbot_id, conversation_id
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: user_plan | TEXT | Plan of the user.
-- column: user_industry | TEXT | Industry of the user.
-- column: user_mrr | DECIMAL(18,2) | Monthly recurring revenue of the user; USD per month.
-- column: org_plan | TEXT | Plan of the organization.
-- column: org_industry | TEXT | Industry of the organization.
-- column: org_mrr | DECIMAL(18,2) | Monthly recurring revenue of the organization; USD per month.
WITH last_messages AS (
  SELECT
    chatbot_id,
    conversation_id,
    max(sent_at) AS last_message_at
  FROM messages
  WHERE is_visible
  GROUP BY
    chatbot_id,
    conversation_id
),
threads AS (
  SELECT
    last_messages.chatbot_id,
    last_messages.conversation_id,
    last_messages.last_message_at,
    coalesce(snapshot.user_id, 'anon:' || last_messages.conversation_id) AS user_id,
    snapshot.organization_id
  FROM last_messages
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.chatbot_id = last_messages.chatbot_id
    AND snapshot.conversation_id = last_messages.conversation_id
),
user_timeline AS (
  SELECT
    chatbot_id,
    user_id,
    version_at AS known_at,
    ingest_seq,
    NULL AS conversation_id,
    plan,
    industry,
    mrr
  FROM user_versions
  UNION ALL
  SELECT
    chatbot_id,
    user_id,
    last_message_at AS known_at,
    9223372036854775807 AS ingest_seq,
    conversation_id,
    NULL AS plan,
    NULL AS industry,
    NULL AS mrr
  FROM threads
),
user_moments AS (
  SELECT
    chatbot_id,
    conversation_id,
    last_value(plan) IGNORE NULLS OVER so_far AS plan,
    last_value(industry) IGNORE NULLS OVER so_far AS industry,
    last_value(mrr) IGNORE NULLS OVER so_far AS mrr
  FROM user_timeline
  WINDOW so_far AS (
    PARTITION BY chatbot_id, user_id
    ORDER BY known_at, ingest_seq
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),
-- One row per conversation as it is; said by GROUP BY, the planner leaves the join out when nothing of it is asked for.
user_known AS (
  SELECT
    chatbot_id,
    conversation_id,
    max(plan) AS plan,
    max(industry) AS industry,
    max(mrr) AS mrr
  FROM user_moments
  WHERE conversation_id IS NOT NULL
  GROUP BY
    chatbot_id,
    conversation_id
),
org_timeline AS (
  SELECT
    chatbot_id,
    organization_id,
    version_at AS known_at,
    ingest_seq,
    NULL AS conversation_id,
    plan,
    industry,
    mrr
  FROM organization_versions
  UNION ALL
  SELECT
    chatbot_id,
    organization_id,
    last_message_at AS known_at,
    9223372036854775807 AS ingest_seq,
    conversation_id,
    NULL AS plan,
    NULL AS industry,
    NULL AS mrr
  FROM threads
  WHERE organization_id IS NOT NULL
),
org_moments AS (
  SELECT
    chatbot_id,
    conversation_id,
    last_value(plan) IGNORE NULLS OVER so_far AS plan,
    last_value(industry) IGNORE NULLS OVER so_far AS industry,
    last_value(mrr) IGNORE NULLS OVER so_far AS mrr
  FROM org_timeline
  WINDOW so_far AS (
    PARTITION BY chatbot_id, organization_id
    ORDER BY known_at, ingest_seq
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),
org_known AS (
  SELECT
    chatbot_id,
    conversation_id,
    max(plan) AS plan,
    max(industry) AS industry,
    max(mrr) AS mrr
  FROM org_moments
  WHERE conversation_id IS NOT NULL
  GROUP BY
    chatbot_id,
    conversation_id
)
SELECT
  conversations.chatbot_id,
  conversations.conversation_id,
  coalesce(conversations.user_plan, user_known.plan) AS user_plan,
  coalesce(conversations.user_industry, user_known.industry) AS user_industry,
  coalesce(conversations.user_mrr, user_known.mrr) AS user_mrr,
  coalesce(conversations.org_plan, org_known.plan) AS org_plan,
  coalesce(conversations.org_industry, org_known.industry) AS org_industry,
  coalesce(conversations.org_mrr, org_known.mrr) AS org_mrr
FROM conversations
LEFT JOIN user_known
  ON user_known.chatbot_id = conversations.chatbot_id
  AND user_known.conversation_id = conversations.conversation_id
LEFT JOIN org_known
  ON org_known.chatbot_id = conversations.chatbot_id
  AND org_known.conversation_id = conversations.conversation_id
