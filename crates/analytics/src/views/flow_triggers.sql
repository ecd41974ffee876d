-- view: flow_triggers
-- doc: Starts of chat flows as known at as_of; the first write of a start counts.
-- source: domain specification §3.1, §3.2
-- key: chatbot_id, trigger_id
-- reference: flows | chatbot_id, flow_id
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: trigger_id | TEXT | Id of this start.
-- column: flow_id | TEXT | Flow that was started.
-- column: conversation_id | TEXT | Conversation in which it was started.
-- column: triggered_at | TIMESTAMP | When it was started.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: day | DATE | UTC date of triggered_at; a filter on it reads the files of those days only.
SELECT
  chatbot_id,
  trigger_id,
  flow_id,
  conversation_id,
  triggered_at,
  ingest_seq,
  day
FROM stored.flow_triggers
WHERE triggered_at <= $as_of
