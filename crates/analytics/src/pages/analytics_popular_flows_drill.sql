-- page: analytics_popular_flows_drill
-- doc: What is behind analytics_popular_flows: one row per start of one of its flows in the window, as times_triggered:<flow_id>.
-- source: domain specification §7.7, §12
-- class: analytics
-- column: metric | TEXT | times_triggered:<flow_id>.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation in which the flow was triggered, if any.
-- column: session_no | BIGINT | NULL: no session counts.
-- column: message_id | TEXT | NULL: no message counts.
-- column: user_id | TEXT | Who the conversation is with (§1.2); NULL without a conversation.
-- column: record_id | TEXT | Start of the flow.
-- column: agent_id | TEXT | NULL: no agent is concerned.
-- column: at | TIMESTAMP | When the flow was triggered.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, record_id, at FROM analytics_popular_flows_drill('cb_1', 'last_7_days');
WITH triggered AS (
  SELECT
    trigger_id,
    flow_id,
    conversation_id,
    triggered_at,
    count(*) OVER (PARTITION BY flow_id) AS times_triggered
  FROM counted_flow_triggers
  WHERE
    triggered_at >= $win_from
    AND triggered_at < $win_to
),
popular AS (
  SELECT
    trigger_id,
    flow_id,
    conversation_id,
    triggered_at
  FROM triggered
  QUALIFY dense_rank() OVER (ORDER BY times_triggered DESC, flow_id) <= 10
)
SELECT
  'times_triggered:' || popular.flow_id AS metric,
  local_day(popular.triggered_at, $timezone) AS day,
  popular.conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  CAST(NULL AS TEXT) AS message_id,
  coalesce(snapshot.user_id, 'anon:' || popular.conversation_id) AS user_id,
  popular.trigger_id AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  popular.triggered_at AS at,
  CAST(NULL AS DOUBLE) AS value
FROM popular
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = popular.conversation_id
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
