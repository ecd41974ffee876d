-- page: organizations_page_drill
-- doc: What is behind each row of organizations_page, whose organization_id is record_id. Metric conversations: one row per conversation of the window, at its last visible message there. Metric users: one row per user, at the last such message of theirs. Metric avg_sentiment: one row per scored conversation, value is its mean score. Metric avg_sentiment_weighted: one row per scored message, value is its score.
-- source: domain specification §5.6, §6.2, §12
-- class: entity
-- column: metric | TEXT | conversations, users, avg_sentiment or avg_sentiment_weighted.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot; NULL of metric users.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message inside the conversation; of metric avg_sentiment_weighted only.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | Organization of the row of organizations_page.
-- column: agent_id | TEXT | NULL: it is about users.
-- column: at | TIMESTAMP | Last visible message in the window, or the message itself.
-- column: value | DOUBLE | The score; NULL of metrics that count.
-- example: SELECT metric, conversation_id, value FROM organizations_page_drill('cb_1', 'this_month', '{"as_of":"2026-03-12T16:00:00Z"}') WHERE record_id = 'org_acme';
WITH counted AS (
  SELECT
    'conversations' AS metric,
    conversation_id,
    NULL AS message_id,
    user_id,
    organization_id,
    last_at AS at,
    NULL AS value
  FROM conversation_window
  UNION ALL
  SELECT
    'users' AS metric,
    NULL AS conversation_id,
    NULL AS message_id,
    user_id,
    organization_id,
    max(last_at) AS at,
    NULL AS value
  FROM conversation_window
  GROUP BY
    user_id,
    organization_id
  UNION ALL
  SELECT
    'avg_sentiment' AS metric,
    conversation_id,
    NULL AS message_id,
    user_id,
    organization_id,
    last_at AS at,
    sentiment AS value
  FROM conversation_window
  WHERE sentiment IS NOT NULL
  UNION ALL
  SELECT
    'avg_sentiment_weighted' AS metric,
    conversation_id,
    message_id,
    user_id,
    organization_id,
    sent_at AS at,
    score AS value
  FROM window_facts
  WHERE score IS NOT NULL
)
SELECT
  metric,
  local_day(at, $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  organization_id AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  at,
  value
FROM counted
WHERE organization_id IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id,
  user_id
