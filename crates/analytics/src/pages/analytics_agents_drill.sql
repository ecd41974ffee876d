-- page: analytics_agents_drill
-- doc: What is behind analytics_agents: for each registered agent one row per active session, assignment, conversation assigned, message and reply, as <column>:<agent_id>. Of a conversation the first assignment is told.
-- source: domain specification §7.5, §12
-- class: analytics
-- option: agent_id | TEXT | NULL | Only this agent.
-- option: team_id | TEXT | NULL | Only present members of this team.
-- option: business_hours | BOOLEAN | false | Let response times count only seconds within the account's weekly business hours.
-- column: metric | TEXT | Column and agent_id of the number, separated by a colon; response_time_s stands for mean, median and percentile.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation, of sessions, assignments and replies.
-- column: message_id | TEXT | Message that was sent, or the reply.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | Event that assigned the agent.
-- column: agent_id | TEXT | Agent whose number it is.
-- column: at | TIMESTAMP | When the session started, the agent was assigned, or the message was sent.
-- column: value | DOUBLE | Response time in seconds, of response_time_s; else NULL.
-- example: SELECT metric, conversation_id, message_id, value FROM analytics_agents_drill('cb_1', 'last_7_days');
WITH lines AS (
  SELECT
    'active_sessions' AS name,
    conversation_id,
    session_no,
    NULL AS message_id,
    NULL AS record_id,
    agent_id,
    started_at AS at,
    NULL AS value
  FROM sessions
  WHERE
    is_active
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
  UNION ALL
  SELECT
    'times_assigned' AS name,
    conversation_id,
    session_no,
    NULL AS message_id,
    event_id AS record_id,
    agent_id,
    occurred_at AS at,
    NULL AS value
  FROM window_assignments
  UNION ALL
  SELECT
    'conversations_assigned' AS name,
    conversation_id,
    session_no,
    NULL AS message_id,
    event_id AS record_id,
    agent_id,
    occurred_at AS at,
    NULL AS value
  FROM window_assignments
  QUALIFY row_number() OVER (
    PARTITION BY agent_id, conversation_id
    ORDER BY occurred_at, event_id
  ) = 1
  UNION ALL
  SELECT
    'messages_sent' AS name,
    conversation_id,
    NULL AS session_no,
    message_id,
    NULL AS record_id,
    agent_id,
    sent_at AS at,
    NULL AS value
  FROM agent_messages
  UNION ALL
  SELECT
    'response_time_s' AS name,
    conversation_id,
    session_no,
    message_id,
    NULL AS record_id,
    agent_id,
    replied_at AS at,
    CASE WHEN $business_hours THEN business_seconds ELSE response_seconds END AS value
  FROM response_times
)
SELECT
  lines.name || ':' || lines.agent_id AS metric,
  local_day(lines.at, $timezone) AS day,
  lines.conversation_id,
  lines.session_no,
  lines.message_id,
  coalesce(snapshot.user_id, 'anon:' || lines.conversation_id) AS user_id,
  lines.record_id,
  lines.agent_id,
  lines.at,
  lines.value
FROM lines
JOIN agents
  ON agents.agent_id = lines.agent_id
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = lines.conversation_id
WHERE
  agents.account_id = $account_id
  AND ($agent_id IS NULL OR agents.agent_id = $agent_id)
  AND (
    $team_id IS NULL
    OR agents.agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
  )
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
