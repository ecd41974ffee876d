-- page: analytics_credit_history_drill
-- doc: The entries behind analytics_credit_history: each one as credits_used, to be added up, and as templates_sent, to be counted.
-- source: domain specification §7.8, §12
-- class: analytics
-- column: metric | TEXT | credits_used or templates_sent.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | NULL: an entry names no conversation.
-- column: session_no | BIGINT | NULL: no session counts.
-- column: message_id | TEXT | Message that was paid for.
-- column: user_id | TEXT | NULL: an entry names no user.
-- column: record_id | TEXT | Entry inside the account.
-- column: agent_id | TEXT | NULL: no agent is concerned.
-- column: at | TIMESTAMP | When the entry was booked.
-- column: value | DOUBLE | Amount in USD, of credits_used; else NULL.
-- example: SELECT metric, day, record_id, value FROM analytics_credit_history_drill('cb_1', 'last_7_days');
WITH lines AS (
  SELECT
    unnest(['credits_used', 'templates_sent']) AS metric,
    entry_id,
    message_id,
    occurred_at,
    amount_usd
  FROM used_credits
  WHERE
    occurred_at >= $win_from
    AND occurred_at < $win_to
)
SELECT
  metric,
  local_day(occurred_at, $timezone) AS day,
  CAST(NULL AS TEXT) AS conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  CAST(NULL AS TEXT) AS user_id,
  entry_id AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  occurred_at AS at,
  CASE WHEN starts_with(metric, 'credits_used') THEN CAST(amount_usd AS DOUBLE) END AS value
FROM lines
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
