-- view: agent_messages
-- doc: Messages that agents sent to customers in the window, in the inbox asked for: no private notes.
-- source: domain specification §1.1, §7.5
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: message_id | TEXT | Message inside the conversation.
-- column: agent_id | TEXT | Agent who sent it.
-- column: sent_at | TIMESTAMP | When it was sent.
SELECT
  conversation_id,
  message_id,
  agent_id,
  sent_at
FROM counted_messages
WHERE
  sender_type = 'agent'
  AND sent_at >= $win_from
  AND sent_at < $win_to
