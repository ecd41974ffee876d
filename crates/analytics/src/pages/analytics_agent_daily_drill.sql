-- page: analytics_agent_daily_drill
-- doc: What is behind analytics_agent_daily: one row per assignment, conversation assigned, message and reply of the agent, and one per session and day at whose end it was active and assigned to the agent. Of a conversation the first assignment of the day is told.
-- source: domain specification §7.5, §12
-- class: analytics
-- argument: agent_id | TEXT | Agent of whom the days are.
-- option: business_hours | BOOLEAN | false | Let response times count only seconds within the account's weekly business hours.
-- column: metric | TEXT | Column of the number; response_time_s stands for mean, median and percentile.
-- column: day | DATE | The row of the page.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation, of sessions, assignments and replies.
-- column: message_id | TEXT | Message that was sent, or the reply.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | Event that assigned the agent.
-- column: agent_id | TEXT | The agent.
-- column: at | TIMESTAMP | When the agent was assigned or the message was sent; of active_sessions, since when the agent has it.
-- column: value | DOUBLE | Response time in seconds, of response_time_s; else NULL.
-- example: SELECT metric, day, conversation_id, value FROM analytics_agent_daily_drill('cb_1', 'last_7_days', 'ag_1');
WITH held AS (
  SELECT
    conversation_id,
    session_no,
    agent_id,
    held_from,
    local_day(held_from, $timezone) AS first_day,
    -- What ends after as_of has not ended yet.
    CASE WHEN held_to <= $as_of THEN local_day(held_to, $timezone) END AS last_day
  FROM session_holders
  WHERE agent_id = $agent_id
),
assigned AS (
  SELECT
    local_day(occurred_at, $timezone) AS day,
    conversation_id,
    session_no,
    event_id,
    occurred_at,
    row_number() OVER (
      PARTITION BY conversation_id, local_day(occurred_at, $timezone)
      ORDER BY occurred_at, event_id
    ) = 1 AS is_first
  FROM window_assignments
  WHERE agent_id = $agent_id
),
assigned_lines AS (
  SELECT
    unnest(['times_assigned', CASE WHEN is_first THEN 'conversations_assigned' END]) AS metric,
    day,
    conversation_id,
    session_no,
    event_id,
    occurred_at
  FROM assigned
),
lines AS (
  SELECT
    'active_sessions' AS metric,
    window_days.day,
    held.conversation_id,
    held.session_no,
    NULL AS message_id,
    NULL AS record_id,
    held.held_from AS at,
    NULL AS value
  FROM window_days
  JOIN held
    ON held.first_day <= window_days.day
    AND (held.last_day IS NULL OR held.last_day > window_days.day)
  WHERE window_days.day <= $today
  UNION ALL
  SELECT
    metric,
    day,
    conversation_id,
    session_no,
    NULL AS message_id,
    event_id AS record_id,
    occurred_at AS at,
    NULL AS value
  FROM assigned_lines
  WHERE metric IS NOT NULL
  UNION ALL
  SELECT
    'messages_sent' AS metric,
    local_day(sent_at, $timezone) AS day,
    conversation_id,
    NULL AS session_no,
    message_id,
    NULL AS record_id,
    sent_at AS at,
    NULL AS value
  FROM agent_messages
  WHERE agent_id = $agent_id
  UNION ALL
  SELECT
    'response_time_s' AS metric,
    local_day(replied_at, $timezone) AS day,
    conversation_id,
    session_no,
    message_id,
    NULL AS record_id,
    replied_at AS at,
    CASE WHEN $business_hours THEN business_seconds ELSE response_seconds END AS value
  FROM response_times
  WHERE agent_id = $agent_id
)
SELECT
  lines.metric,
  lines.day,
  lines.conversation_id,
  lines.session_no,
  lines.message_id,
  coalesce(snapshot.user_id, 'anon:' || lines.conversation_id) AS user_id,
  lines.record_id,
  $agent_id AS agent_id,
  lines.at,
  lines.value
FROM lines
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = lines.conversation_id
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  -- Each metric has one of the two. As two keys, of which one is constant in each branch of the union, they run into a
  -- check of the engine's sort enforcement.
  coalesce(message_id, record_id)
