-- page: analytics_ai_tools_drill
-- doc: The uses behind analytics_ai_tools, as <column>:<tool> and as <column>:all: each one as usage_count, each measured one as measured and as average_accuracy, each one sent unchanged as accepted.
-- source: domain specification §7.9, §12
-- class: analytics
-- option: agent_id | TEXT | NULL | Count only uses by this agent.
-- option: team_id | TEXT | NULL | Count only uses by members of this team.
-- column: metric | TEXT | Column and tool of the number, separated by a colon.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation in which the tool was used, if any.
-- column: session_no | BIGINT | NULL: no session counts.
-- column: message_id | TEXT | NULL: no message counts.
-- column: user_id | TEXT | Who the conversation is with (§1.2); NULL without a conversation.
-- column: record_id | TEXT | Use of the tool.
-- column: agent_id | TEXT | Agent who used it.
-- column: at | TIMESTAMP | When it was used.
-- column: value | DOUBLE | Accuracy of the use, of average_accuracy; else NULL.
-- example: SELECT metric, record_id, value FROM analytics_ai_tools_drill('cb_1', 'last_7_days');
WITH named AS (
  SELECT
    unnest([
      'usage_count',
      CASE WHEN accuracy IS NOT NULL THEN 'measured' END,
      CASE WHEN accuracy IS NOT NULL THEN 'average_accuracy' END,
      CASE WHEN is_accepted THEN 'accepted' END
    ]) AS name,
    use_id,
    tool,
    conversation_id,
    agent_id,
    used_at,
    accuracy
  FROM counted_tool_uses
  WHERE
    ($agent_id IS NULL OR agent_id = $agent_id)
    AND (
      $team_id IS NULL
      OR agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
    )
),
lines AS (
  SELECT
    name,
    unnest([tool, 'all']) AS tool,
    use_id,
    conversation_id,
    agent_id,
    used_at,
    accuracy
  FROM named
  WHERE name IS NOT NULL
)
SELECT
  lines.name || ':' || lines.tool AS metric,
  local_day(lines.used_at, $timezone) AS day,
  lines.conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  CAST(NULL AS TEXT) AS message_id,
  coalesce(snapshot.user_id, 'anon:' || lines.conversation_id) AS user_id,
  lines.use_id AS record_id,
  lines.agent_id,
  lines.used_at AS at,
  CASE WHEN lines.name = 'average_accuracy' THEN lines.accuracy END AS value
FROM lines
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = lines.conversation_id
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
