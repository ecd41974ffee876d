-- page: analytics_contacts_drill
-- doc: The users behind analytics_contacts: one row per user and number, with the first message that the user ever wrote.
-- source: domain specification §7.4, §12
-- class: analytics
-- column: metric | TEXT | Column of the number.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation of the first message; NULL when the user never wrote.
-- column: session_no | BIGINT | NULL: no session counts.
-- column: message_id | TEXT | First message of the user, over all inboxes.
-- column: user_id | TEXT | User who counts.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: no agent is concerned.
-- column: at | TIMESTAMP | When that message was sent.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, user_id, at FROM analytics_contacts_drill('cb_1', 'last_7_days');
WITH counted AS (
  SELECT
    unnest([
      CASE
        WHEN ($inbox_id IS NULL OR first_inbox_id = $inbox_id)
          AND first_inbound_at >= $win_from
          AND first_inbound_at < $win_to
        THEN 'new_contacts'
      END,
      CASE WHEN is_active THEN 'active_customers' END,
      CASE WHEN is_contact AND NOT is_active THEN 'idle_customers' END,
      CASE WHEN is_contact THEN 'contacts' END
    ]) AS metric,
    first_conversation_id,
    first_message_id,
    user_id,
    first_inbound_at
  FROM customers
)
SELECT
  metric,
  local_day(first_inbound_at, $timezone) AS day,
  first_conversation_id AS conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  first_message_id AS message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  first_inbound_at AS at,
  CAST(NULL AS DOUBLE) AS value
FROM counted
WHERE metric IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
