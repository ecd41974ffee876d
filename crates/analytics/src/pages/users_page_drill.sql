-- page: users_page_drill
-- doc: The conversations behind each row of users_page, with user_id. Metric conversations: one row per conversation of the window, at its last visible message there. Metric avg_sentiment: one row per scored conversation, value is its mean score. Metric avg_sentiment_weighted: one row per scored message, value is its score.
-- source: domain specification §5.6, §6.1, §12
-- class: entity
-- option: include_guests | BOOLEAN | false | Whether users who never said who they are have rows too.
-- column: metric | TEXT | conversations, avg_sentiment or avg_sentiment_weighted.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message inside the conversation; of metric avg_sentiment_weighted only.
-- column: user_id | TEXT | User of the row of users_page.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: it is about users.
-- column: at | TIMESTAMP | Last visible message in the window, or the message itself.
-- column: value | DOUBLE | The score; NULL of metric conversations.
-- example: SELECT metric, conversation_id, value FROM users_page_drill('cb_1', 'this_month', '{"as_of":"2026-03-12T16:00:00Z"}') WHERE user_id = 'u2';
WITH counted AS (
  SELECT
    'conversations' AS metric,
    conversation_id,
    NULL AS message_id,
    user_id,
    is_guest,
    last_at AS at,
    NULL AS value
  FROM conversation_window
  UNION ALL
  SELECT
    'avg_sentiment' AS metric,
    conversation_id,
    NULL AS message_id,
    user_id,
    is_guest,
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
    is_guest,
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
  CAST(NULL AS TEXT) AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  at,
  value
FROM counted
WHERE
  coalesce($include_guests, FALSE)
  OR NOT is_guest
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
