-- view: counted_flow_triggers
-- doc: Starts of chat flows in the inbox asked for, at any time: a page narrows triggered_at to its window. The inbox is that of the conversation; a start without conversation has none.
-- source: domain specification §7.7
-- column: trigger_id | TEXT | Start of a flow.
-- column: flow_id | TEXT | Flow that was started.
-- column: conversation_id | TEXT | Conversation in which it was started.
-- column: triggered_at | TIMESTAMP | When it was started.
SELECT
  trigger_id,
  flow_id,
  conversation_id,
  triggered_at
FROM flow_triggers
WHERE $inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations)
