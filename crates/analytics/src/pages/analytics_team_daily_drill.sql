-- page: analytics_team_daily_drill
-- doc: What is behind analytics_team_daily: one row per assignment and message of the team or all members, and one per session and day at whose end it was active and assigned to them.
-- source: domain specification §7.6, §12
-- class: analytics
-- argument: team_id | TEXT | Team of which the days are; * for all members.
-- column: metric | TEXT | Column of the number.
-- column: day | DATE | The row of the page.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation, of sessions and assignments.
-- column: message_id | TEXT | Message that was sent.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | Event that assigned the team or a member.
-- column: agent_id | TEXT | Agent who was assigned or sent the message.
-- column: at | TIMESTAMP | When the assignment happened or the message was sent; of active_sessions, since when it was assigned so.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, day, conversation_id, message_id FROM analytics_team_daily_drill('cb_1', 'last_7_days', 'tm_sup');
WITH members AS (
  SELECT agent_id
  FROM team_members
  WHERE
    account_id = $account_id
    AND team_id = $team_id
),
work AS (
  SELECT
    'active_sessions' AS metric,
    conversation_id,
    session_no,
    NULL AS message_id,
    NULL AS record_id,
    agent_id,
    team_id,
    held_from AS at,
    local_day(held_from, $timezone) AS first_day,
    -- What ends after as_of has not ended yet.
    CASE WHEN held_to <= $as_of THEN local_day(held_to, $timezone) END AS last_day
  FROM session_holders
  WHERE agent_id IS NOT NULL OR team_id IS NOT NULL
  UNION ALL
  SELECT
    'times_assigned' AS metric,
    conversation_id,
    session_no,
    NULL AS message_id,
    event_id AS record_id,
    agent_id,
    team_id,
    occurred_at AS at,
    local_day(occurred_at, $timezone) AS first_day,
    local_day(occurred_at, $timezone) AS last_day
  FROM window_assignments
  UNION ALL
  SELECT
    'messages_sent' AS metric,
    conversation_id,
    NULL AS session_no,
    message_id,
    NULL AS record_id,
    agent_id,
    NULL AS team_id,
    sent_at AS at,
    local_day(sent_at, $timezone) AS first_day,
    local_day(sent_at, $timezone) AS last_day
  FROM agent_messages
),
credited AS (
  SELECT
    work.metric,
    work.conversation_id,
    work.session_no,
    work.message_id,
    work.record_id,
    work.agent_id,
    work.at,
    work.first_day,
    work.last_day
  FROM work
  LEFT JOIN members
    ON members.agent_id = work.agent_id
  WHERE
    $team_id = '*'
    OR work.team_id = $team_id
    OR members.agent_id IS NOT NULL
)
SELECT
  credited.metric,
  window_days.day,
  credited.conversation_id,
  credited.session_no,
  credited.message_id,
  coalesce(snapshot.user_id, 'anon:' || credited.conversation_id) AS user_id,
  credited.record_id,
  credited.agent_id,
  credited.at,
  CAST(NULL AS DOUBLE) AS value
FROM window_days
JOIN credited
  ON (credited.metric = 'active_sessions' OR credited.first_day = window_days.day)
  AND (
    credited.metric <> 'active_sessions'
    OR (
      window_days.day <= $today
      AND credited.first_day <= window_days.day
      AND (credited.last_day IS NULL OR credited.last_day > window_days.day)
    )
  )
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = credited.conversation_id
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
