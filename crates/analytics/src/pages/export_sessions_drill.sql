-- page: export_sessions_drill
-- doc: The messages behind export_sessions: for every session that started in the window one row per visible message that was sent in it.
-- source: domain specification §7.10, §12
-- class: analytics
-- option: agent_id | TEXT | NULL | Only sessions assigned to this agent.
-- option: team_id | TEXT | NULL | Only sessions assigned to this team or a member of it.
-- column: metric | TEXT | messages.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation of the session.
-- column: session_no | BIGINT | Session in which the message counts.
-- column: message_id | TEXT | Message that counts.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who wrote the message.
-- column: at | TIMESTAMP | When the message was sent.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT conversation_id, session_no, message_id FROM export_sessions_drill('cb_1', 'last_7_days');
SELECT
  'messages' AS metric,
  local_day(messages.sent_at, $timezone) AS day,
  started.conversation_id,
  started.session_no,
  messages.message_id,
  started.user_id,
  CAST(NULL AS TEXT) AS record_id,
  messages.agent_id,
  messages.sent_at AS at,
  CAST(NULL AS DOUBLE) AS value
FROM sessions AS started
JOIN messages
  ON messages.conversation_id = started.conversation_id
  AND messages.sent_at >= started.started_at
  AND (started.ended_at IS NULL OR messages.sent_at < started.ended_at)
WHERE
  messages.is_visible
  AND started.started_at >= $win_from
  AND started.started_at < $win_to
  AND ($inbox_id IS NULL OR started.inbox_id = $inbox_id)
  AND ($agent_id IS NULL OR started.agent_id = $agent_id)
  AND (
    $team_id IS NULL
    OR started.team_id = $team_id
    OR started.agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
  )
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
