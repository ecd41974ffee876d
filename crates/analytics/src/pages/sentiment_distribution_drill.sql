-- page: sentiment_distribution_drill
-- doc: The messages behind sentiment_distribution: one row per scored message of a user, as messages:<label>.
-- source: domain specification §8.2, §12
-- class: analytics
-- column: metric | TEXT | messages:<label>.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation of the message.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message that counts.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: users write these messages.
-- column: at | TIMESTAMP | When the message was sent.
-- column: value | DOUBLE | Score of the message.
-- example: SELECT metric, message_id, value FROM sentiment_distribution_drill('cb_1', 'last_30_days');
SELECT
  'messages:' || sentiment_label(score) AS metric,
  local_day AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  sent_at AS at,
  score AS value
FROM window_facts
WHERE score IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
