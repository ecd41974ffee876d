-- view: inbox_conversations
-- doc: Conversations of the inbox asked for; none when no inbox is asked for. Write ($inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations)): without an inbox it costs nothing.
-- source: domain specification §1.2, §7
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
SELECT conversation_id
FROM conversation_snapshot
WHERE inbox_id = $inbox_id
