-- page: analytics_flows_daily_drill
-- doc: What is behind analytics_flows_daily: one row per start of a flow in the window, and one per flow and day with its first start on it.
-- source: domain specification §7.7, §12
-- class: analytics
-- column: metric | TEXT | times_triggered or flows_triggered.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation in which the flow was triggered, if any.
-- column: session_no | BIGINT | NULL: no session counts.
-- column: message_id | TEXT | NULL: no message counts.
-- column: user_id | TEXT | Who the conversation is with (§1.2); NULL without a conversation.
-- column: record_id | TEXT | Flow, of flows_triggered; start of the flow, of times_triggered.
-- column: agent_id | TEXT | NULL: no agent is concerned.
-- column: at | TIMESTAMP | When the flow was triggered.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, day, record_id FROM analytics_flows_daily_drill('cb_1', 'last_7_days');
WITH triggered AS (
  SELECT
    trigger_id,
    flow_id,
    conversation_id,
    triggered_at,
    row_number() OVER (
      PARTITION BY flow_id, local_day(triggered_at, $timezone)
      ORDER BY triggered_at, trigger_id
    ) = 1 AS is_first
  FROM counted_flow_triggers
  WHERE
    triggered_at >= $win_from
    AND triggered_at < $win_to
),
lines AS (
  SELECT
    unnest(['times_triggered', CASE WHEN is_first THEN 'flows_triggered' END]) AS metric,
    trigger_id,
    flow_id,
    conversation_id,
    triggered_at
  FROM triggered
)
SELECT
  lines.metric,
  local_day(lines.triggered_at, $timezone) AS day,
  lines.conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  CAST(NULL AS TEXT) AS message_id,
  coalesce(snapshot.user_id, 'anon:' || lines.conversation_id) AS user_id,
  CASE WHEN lines.metric = 'flows_triggered' THEN lines.flow_id ELSE lines.trigger_id END AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  lines.triggered_at AS at,
  CAST(NULL AS DOUBLE) AS value
FROM lines
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = lines.conversation_id
WHERE lines.metric IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
