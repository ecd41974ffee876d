-- view: window_assignments
-- doc: Assignment events in the window, in the inbox asked for, that changed who is assigned: each is counted once. Who was assigned already is not assigned again.
-- source: domain specification §5.5, §7.5
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session in which it happened; NULL outside of sessions.
-- column: event_id | TEXT | Event inside the conversation.
-- column: occurred_at | TIMESTAMP | When it happened.
-- column: agent_id | TEXT | Agent who was newly assigned; NULL when the event changed no agent.
-- column: team_id | TEXT | Team that was newly assigned; NULL when the event changed no team.
SELECT
  conversation_id,
  session_no,
  event_id,
  occurred_at,
  CASE WHEN agent_changed THEN agent_id END AS agent_id,
  CASE WHEN team_changed THEN team_id END AS team_id
FROM assignments
WHERE
  (agent_changed OR team_changed)
  AND occurred_at >= $win_from
  AND occurred_at < $win_to
  AND ($inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations))
