-- page: analytics_balance_drill
-- doc: The entries behind analytics_balance: those of use in the window as total_credits_used, and all entries of the account up to as_of as balance. The numbers are the sums of value.
-- source: domain specification §7.8, §12
-- class: analytics
-- column: metric | TEXT | total_credits_used or balance.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | NULL: an entry names no conversation.
-- column: session_no | BIGINT | NULL: no session counts.
-- column: message_id | TEXT | Message that was paid for.
-- column: user_id | TEXT | NULL: an entry names no user.
-- column: record_id | TEXT | Entry inside the account.
-- column: agent_id | TEXT | NULL: no agent is concerned.
-- column: at | TIMESTAMP | When the entry was booked.
-- column: value | DOUBLE | What the entry adds to the number, in USD.
-- example: SELECT metric, record_id, value FROM analytics_balance_drill('cb_1', 'last_7_days');
WITH lines AS (
  SELECT
    'total_credits_used' AS metric,
    entry_id,
    message_id,
    occurred_at,
    amount_usd
  FROM used_credits
  WHERE
    occurred_at >= $win_from
    AND occurred_at < $win_to
  UNION ALL
  SELECT
    'balance' AS metric,
    entry_id,
    message_id,
    occurred_at,
    change_usd AS amount_usd
  FROM account_entries
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
  CAST(amount_usd AS DOUBLE) AS value
FROM lines
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
