-- page: analytics_sessions_daily_drill
-- doc: The sessions behind analytics_sessions_daily: one row per new incoming session, and one per session and day at whose end it was active.
-- source: domain specification §7.3, §12
-- class: analytics
-- option: agent_id | TEXT | NULL | Only sessions assigned to this agent.
-- option: team_id | TEXT | NULL | Only sessions assigned to this team or a present member of it.
-- column: metric | TEXT | new_incoming_sessions or active_sessions.
-- column: day | DATE | The row of the page: the local day on which the session started, or at whose end it was active.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation.
-- column: message_id | TEXT | NULL: no message counts.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who was assigned: at as_of, or of active_sessions then.
-- column: at | TIMESTAMP | When the session started; of active_sessions, since when it was assigned so.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, day, conversation_id, session_no FROM analytics_sessions_daily_drill('cb_1', 'last_7_days');
WITH members AS (
  SELECT agent_id
  FROM team_members
  WHERE
    account_id = $account_id
    AND team_id = $team_id
),
held AS (
  SELECT
    conversation_id,
    session_no,
    agent_id,
    held_from,
    local_day(held_from, $timezone) AS first_day,
    -- What ends after as_of has not ended yet.
    CASE WHEN held_to <= $as_of THEN local_day(held_to, $timezone) END AS last_day
  FROM session_holders
  WHERE
    ($agent_id IS NULL OR agent_id = $agent_id)
    AND ($team_id IS NULL OR team_id = $team_id OR agent_id IN (SELECT agent_id FROM members))
),
lines AS (
  SELECT
    'new_incoming_sessions' AS metric,
    local_day(started_at, $timezone) AS day,
    conversation_id,
    session_no,
    agent_id,
    started_at AS at
  FROM sessions
  WHERE
    is_incoming
    AND started_at >= $win_from
    AND started_at < $win_to
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
    AND ($agent_id IS NULL OR agent_id = $agent_id)
    AND ($team_id IS NULL OR team_id = $team_id OR agent_id IN (SELECT agent_id FROM members))
  UNION ALL
  SELECT
    'active_sessions' AS metric,
    window_days.day,
    held.conversation_id,
    held.session_no,
    held.agent_id,
    held.held_from AS at
  FROM window_days
  JOIN held
    ON held.first_day <= window_days.day
    AND (held.last_day IS NULL OR held.last_day > window_days.day)
  WHERE window_days.day <= $today
)
SELECT
  lines.metric,
  lines.day,
  lines.conversation_id,
  lines.session_no,
  CAST(NULL AS TEXT) AS message_id,
  coalesce(snapshot.user_id, 'anon:' || lines.conversation_id) AS user_id,
  CAST(NULL AS TEXT) AS record_id,
  lines.agent_id,
  lines.at,
  CAST(NULL AS DOUBLE) AS value
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
