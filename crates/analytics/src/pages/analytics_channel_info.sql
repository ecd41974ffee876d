-- page: analytics_channel_info
-- doc: One row of basic numbers: active sessions at as_of, contacts of all time, and messages of the last seven local days, today included, whatever period is asked for.
-- source: domain specification §7.1
-- class: analytics
-- column: active_sessions | BIGINT | Sessions that are open, or were resolved less than 24 hours before as_of.
-- column: contacts | BIGINT | Users who ever wrote.
-- column: messages_sent_7d | BIGINT | Messages of bot and agents in the last seven days, without broadcasts and private notes.
-- column: messages_received_7d | BIGINT | Messages of customers in the last seven days.
-- example: SELECT active_sessions, contacts, messages_sent_7d, messages_received_7d FROM analytics_channel_info('cb_1', 'last_7_days');
WITH active AS (
  SELECT count(*) AS active_sessions
  FROM sessions
  WHERE
    is_active
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
),
known AS (
  SELECT count(DISTINCT user_id) AS contacts
  FROM inbound_conversations
  WHERE $inbox_id IS NULL OR inbox_id = $inbox_id
),
exchanged AS (
  SELECT
    count(*) FILTER (WHERE metric IN ('agent_sent', 'bot_sent')) AS messages_sent_7d,
    count(*) FILTER (WHERE metric = 'received') AS messages_received_7d
  FROM counted_messages
  WHERE
    sent_at >= period_start('last_7_days', $timezone, $as_of)
    AND sent_at < period_end('last_7_days', $timezone, $as_of)
)
SELECT
  active.active_sessions,
  known.contacts,
  exchanged.messages_sent_7d,
  exchanged.messages_received_7d
FROM active
CROSS JOIN known
CROSS JOIN exchanged
