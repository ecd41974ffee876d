-- page: conversations_page_drill
-- doc: The messages behind each row of conversations_page, whole conversations up to as_of. Metric message_count: one row per visible message. Metric avg_sentiment: one row per scored message, value is its score. Search and filters of conversations_page are none of its options.
-- source: domain specification §5.6, §6.3, §12
-- class: entity
-- column: metric | TEXT | message_count or avg_sentiment.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation of the row of conversations_page.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message inside the conversation.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who sent the message.
-- column: at | TIMESTAMP | When it was sent.
-- column: value | DOUBLE | The score; NULL of metric message_count.
-- example: SELECT metric, message_id, value FROM conversations_page_drill('cb_1', 'last_30_days', '{"as_of":"2026-03-12T16:00:00Z"}') WHERE conversation_id = 'c2';
WITH visible AS (
  SELECT
    facts.conversation_id,
    facts.message_id,
    facts.user_id,
    facts.agent_id,
    facts.sent_at,
    facts.score
  FROM message_facts AS facts
  LEFT SEMI JOIN conversation_window AS active
    ON active.conversation_id = facts.conversation_id
  WHERE facts.is_visible
),
counted AS (
  SELECT
    'message_count' AS metric,
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at AS at,
    NULL AS value
  FROM visible
  UNION ALL
  SELECT
    'avg_sentiment' AS metric,
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at AS at,
    score AS value
  FROM visible
  WHERE score IS NOT NULL
)
SELECT
  metric,
  local_day(at, $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  agent_id,
  at,
  value
FROM counted
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
