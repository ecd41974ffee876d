-- page: analytics_sessions_drill
-- doc: The sessions behind analytics_sessions: one row per active session as active_sessions and one as its status, and one per new incoming session of the window.
-- source: domain specification §7.3, §12
-- class: analytics
-- option: agent_id | TEXT | NULL | Only sessions assigned to this agent.
-- option: team_id | TEXT | NULL | Only sessions assigned to this team or a present member of it.
-- column: metric | TEXT | Column of the number.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation.
-- column: message_id | TEXT | NULL: no message counts.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who is assigned at as_of.
-- column: at | TIMESTAMP | When the session started.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, conversation_id, session_no FROM analytics_sessions_drill('cb_1', 'last_7_days');
WITH counted AS (
  SELECT
    unnest([
      CASE WHEN is_active THEN 'active_sessions' END,
      CASE WHEN is_active THEN status END,
      CASE WHEN is_incoming AND started_at >= $win_from AND started_at < $win_to THEN 'new_incoming_sessions' END
    ]) AS metric,
    conversation_id,
    session_no,
    user_id,
    agent_id,
    started_at
  FROM sessions
  WHERE
    ($inbox_id IS NULL OR inbox_id = $inbox_id)
    AND ($agent_id IS NULL OR agent_id = $agent_id)
    AND (
      $team_id IS NULL
      OR team_id = $team_id
      OR agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
    )
)
SELECT
  metric,
  local_day(started_at, $timezone) AS day,
  conversation_id,
  session_no,
  CAST(NULL AS TEXT) AS message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  agent_id,
  started_at AS at,
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
