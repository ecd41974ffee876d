-- view: counted_messages
-- doc: Messages of the inbox asked for that count as sent or received, at any time: a page narrows sent_at to its window. Private notes and messages of the system count as nothing, broadcasts as broadcast_sent only.
-- source: domain specification §1.1, §7.2
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: message_id | TEXT | Message inside the conversation.
-- column: metric | TEXT | What it counts as: agent_sent, bot_sent, broadcast_sent or received.
-- column: sender_type | TEXT | Who sent it: agent, bot, broadcast or customer.
-- column: agent_id | TEXT | Agent who sent it, of agent_sent; else NULL.
-- column: sent_at | TIMESTAMP | When it was sent.
SELECT
  conversation_id,
  message_id,
  CASE sender_type
    WHEN 'agent' THEN 'agent_sent'
    WHEN 'bot' THEN 'bot_sent'
    WHEN 'broadcast' THEN 'broadcast_sent'
    ELSE 'received'
  END AS metric,
  sender_type,
  CASE WHEN sender_type = 'agent' THEN agent_id END AS agent_id,
  sent_at
FROM messages
WHERE
  direction IN ('inbound', 'outbound')
  AND ($inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations))
