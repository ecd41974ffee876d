-- view: conversation_events
-- doc: Lifecycle events of conversations as known at as_of; the first write of an event counts.
-- source: domain specification §3.1, §3.2
-- key: chatbot_id, conversation_id, event_id
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: event_id | TEXT | Id given by the sender, else derived from the event.
-- column: event | TEXT | opened, assigned, unassigned, resolved or reopened.
-- column: occurred_at | TIMESTAMP | When it happened.
-- column: actor | TEXT | customer, agent, bot or system.
-- column: agent_id | TEXT | Agent who is assigned or removed.
-- column: team_id | TEXT | Team that is assigned or removed.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: day | DATE | UTC date of occurred_at; a filter on it reads the files of those days only.
SELECT
  chatbot_id,
  conversation_id,
  event_id,
  event,
  occurred_at,
  actor,
  agent_id,
  team_id,
  ingest_seq,
  day
FROM stored.conversation_events
WHERE occurred_at <= $as_of
