-- page: analytics_teams_drill
-- doc: What is behind analytics_teams: for each team one row per active session, assignment and message as <column>:<team_id>, and the same for all members as <column> alone.
-- source: domain specification §7.6, §12
-- class: analytics
-- column: metric | TEXT | Column and team_id of the number, separated by a colon; the column alone for all members.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation, of sessions and assignments.
-- column: message_id | TEXT | Message that was sent.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | Event that assigned the team or a member.
-- column: agent_id | TEXT | Agent who is assigned, was newly assigned, or sent the message.
-- column: at | TIMESTAMP | When the session started, the assignment happened, or the message was sent.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, conversation_id, message_id FROM analytics_teams_drill('cb_1', 'last_7_days');
WITH work AS (
  SELECT
    'active_sessions' AS name,
    conversation_id,
    session_no,
    NULL AS message_id,
    NULL AS record_id,
    agent_id,
    team_id,
    started_at AS at
  FROM sessions
  WHERE
    is_active
    AND (agent_id IS NOT NULL OR team_id IS NOT NULL)
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
  UNION ALL
  SELECT
    'times_assigned' AS name,
    conversation_id,
    session_no,
    NULL AS message_id,
    event_id AS record_id,
    agent_id,
    team_id,
    occurred_at AS at
  FROM window_assignments
  UNION ALL
  SELECT
    'messages_sent' AS name,
    conversation_id,
    NULL AS session_no,
    message_id,
    NULL AS record_id,
    agent_id,
    NULL AS team_id,
    sent_at AS at
  FROM agent_messages
),
members AS (
  SELECT
    agent_id,
    array_agg(team_id) AS team_ids
  FROM team_members
  WHERE account_id = $account_id
  GROUP BY agent_id
),
credited AS (
  SELECT
    work.name,
    work.conversation_id,
    work.session_no,
    work.message_id,
    work.record_id,
    work.agent_id,
    work.at,
    -- Each team once; the empty one stands for all members.
    unnest(array_distinct(array_append(
      array_append(coalesce(members.team_ids, []), coalesce(work.team_id, '')),
      ''
    ))) AS team_id
  FROM work
  LEFT JOIN members
    ON members.agent_id = work.agent_id
)
SELECT
  CASE WHEN credited.team_id = '' THEN credited.name ELSE credited.name || ':' || credited.team_id END AS metric,
  local_day(credited.at, $timezone) AS day,
  credited.conversation_id,
  credited.session_no,
  credited.message_id,
  coalesce(snapshot.user_id, 'anon:' || credited.conversation_id) AS user_id,
  credited.record_id,
  credited.agent_id,
  credited.at,
  CAST(NULL AS DOUBLE) AS value
FROM credited
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = credited.conversation_id
WHERE
  credited.team_id = ''
  OR credited.team_id IN (SELECT team_id FROM teams WHERE account_id = $account_id)
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
