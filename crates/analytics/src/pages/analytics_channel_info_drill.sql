-- page: analytics_channel_info_drill
-- doc: What is behind analytics_channel_info: one row per active session, per contact with the first message, and per message of the last seven local days.
-- source: domain specification §7.1, §12
-- class: analytics
-- column: metric | TEXT | Column of the number.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation, of active_sessions.
-- column: message_id | TEXT | Message that counts; of contacts the first one ever.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who is assigned, or who sent the message.
-- column: at | TIMESTAMP | When the session started or the message was sent.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, conversation_id, message_id FROM analytics_channel_info_drill('cb_1', 'last_7_days');
WITH active AS (
  SELECT
    'active_sessions' AS metric,
    conversation_id,
    session_no,
    NULL AS message_id,
    user_id,
    agent_id,
    started_at AS at
  FROM sessions
  WHERE
    is_active
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
),
known AS (
  SELECT
    'contacts' AS metric,
    conversation_id,
    NULL AS session_no,
    first_message_id AS message_id,
    user_id,
    NULL AS agent_id,
    first_inbound_at AS at
  FROM inbound_conversations
  WHERE $inbox_id IS NULL OR inbox_id = $inbox_id
  QUALIFY row_number() OVER (
    PARTITION BY user_id
    ORDER BY first_inbound_at, first_inbound_seq
  ) = 1
),
exchanged AS (
  SELECT
    CASE
      WHEN messages.metric = 'received' THEN 'messages_received_7d'
      ELSE 'messages_sent_7d'
    END AS metric,
    messages.conversation_id,
    NULL AS session_no,
    messages.message_id,
    coalesce(snapshot.user_id, 'anon:' || messages.conversation_id) AS user_id,
    messages.agent_id,
    messages.sent_at AS at
  FROM counted_messages AS messages
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.conversation_id = messages.conversation_id
  WHERE
    messages.metric IN ('agent_sent', 'bot_sent', 'received')
    AND messages.sent_at >= period_start('last_7_days', $timezone, $as_of)
    AND messages.sent_at < period_end('last_7_days', $timezone, $as_of)
),
lines AS (
  SELECT
    metric,
    conversation_id,
    session_no,
    message_id,
    user_id,
    agent_id,
    at
  FROM active
  UNION ALL
  SELECT
    metric,
    conversation_id,
    session_no,
    message_id,
    user_id,
    agent_id,
    at
  FROM known
  UNION ALL
  SELECT
    metric,
    conversation_id,
    session_no,
    message_id,
    user_id,
    agent_id,
    at
  FROM exchanged
)
SELECT
  metric,
  local_day(at, $timezone) AS day,
  conversation_id,
  session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  agent_id,
  at,
  CAST(NULL AS DOUBLE) AS value
FROM lines
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
