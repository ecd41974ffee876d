-- page: chat_users_page_drill
-- doc: What is behind each row of chat_users_page, with user_id. Metric sessions: one row per session of the user, at its start. Metric last_interaction: the newest message of the user. The period changes nothing; with inbox_id sessions and messages of that inbox. A user without either has no row. Search and filters of chat_users_page are none of its options.
-- source: domain specification §5.4, §6.4, §12
-- class: entity
-- column: metric | TEXT | sessions or last_interaction.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation; of metric sessions only.
-- column: message_id | TEXT | Message inside the conversation; of metric last_interaction only.
-- column: user_id | TEXT | User of the row of chat_users_page.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: it is about users.
-- column: at | TIMESTAMP | Start of the session, or the message itself.
-- column: value | DOUBLE | NULL: nothing is averaged.
-- example: SELECT metric, conversation_id, session_no, at FROM chat_users_page_drill('cb_1', 'all_time', '{"as_of":"2026-03-12T16:00:00Z"}') WHERE user_id = 'u3';
WITH newest AS (
  SELECT
    coalesce(snapshot.user_id, 'anon:' || messages.conversation_id) AS user_id,
    messages.conversation_id,
    messages.message_id,
    messages.sent_at
  FROM messages
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.chatbot_id = messages.chatbot_id
    AND snapshot.conversation_id = messages.conversation_id
  WHERE
    messages.direction = 'inbound'
    AND ($inbox_id IS NULL OR snapshot.inbox_id = $inbox_id)
  QUALIFY row_number() OVER (
    PARTITION BY coalesce(snapshot.user_id, 'anon:' || messages.conversation_id)
    ORDER BY messages.sent_at DESC, messages.ingest_seq DESC
  ) = 1
),
-- A guest of whom nothing was said is a chat user by a visible message alone.
guests AS (
  SELECT conversation_id
  FROM messages
  WHERE is_visible
  GROUP BY conversation_id
),
held AS (
  SELECT
    spans.conversation_id,
    spans.session_no,
    spans.started_at,
    coalesce(snapshot.user_id, 'anon:' || spans.conversation_id) AS user_id
  FROM session_spans AS spans
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.chatbot_id = spans.chatbot_id
    AND snapshot.conversation_id = spans.conversation_id
  LEFT JOIN guests
    ON guests.conversation_id = spans.conversation_id
  WHERE
    (snapshot.conversation_id IS NOT NULL OR guests.conversation_id IS NOT NULL)
    AND ($inbox_id IS NULL OR snapshot.inbox_id = $inbox_id)
),
counted AS (
  SELECT
    'sessions' AS metric,
    conversation_id,
    session_no,
    NULL AS message_id,
    user_id,
    started_at AS at
  FROM held
  UNION ALL
  SELECT
    'last_interaction' AS metric,
    conversation_id,
    NULL AS session_no,
    message_id,
    user_id,
    sent_at AS at
  FROM newest
)
SELECT
  metric,
  local_day(at, $timezone) AS day,
  conversation_id,
  session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  at,
  CAST(NULL AS DOUBLE) AS value
FROM counted
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
