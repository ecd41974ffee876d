-- page: analytics_messages_drill
-- doc: The messages behind analytics_messages: one row per message of the window; those of the previous period are the window of that period.
-- source: domain specification §7.2, §12
-- class: analytics
-- option: agent_id | TEXT | NULL | Only messages of this agent.
-- option: team_id | TEXT | NULL | Only messages of members of this team.
-- column: metric | TEXT | What the message counts as: agent_sent, bot_sent, broadcast_sent or received.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | NULL: no session counts.
-- column: message_id | TEXT | Message that counts.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who sent it, of agent_sent.
-- column: at | TIMESTAMP | When the message was sent.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, conversation_id, message_id FROM analytics_messages_drill('cb_1', 'last_7_days');
SELECT
  messages.metric,
  local_day(messages.sent_at, $timezone) AS day,
  messages.conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  messages.message_id,
  coalesce(snapshot.user_id, 'anon:' || messages.conversation_id) AS user_id,
  CAST(NULL AS TEXT) AS record_id,
  messages.agent_id,
  messages.sent_at AS at,
  CAST(NULL AS DOUBLE) AS value
FROM counted_messages AS messages
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = messages.conversation_id
WHERE
  messages.sent_at >= $win_from
  AND messages.sent_at < $win_to
  AND ($agent_id IS NULL OR messages.agent_id = $agent_id)
  AND (
    $team_id IS NULL
    OR messages.agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
  )
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
