-- view: messages
-- doc: Messages as known at as_of; the first write of a message counts.
-- source: domain specification §1.1, §3.1, §3.2
-- key: chatbot_id, conversation_id, message_id
-- reference: conversations | chatbot_id, conversation_id
-- reference: broadcasts | chatbot_id, broadcast_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: message_id | TEXT | Id given by the sender, else derived from the content (§2.5).
-- column: sent_at | TIMESTAMP | When the message was sent.
-- column: received_at | TIMESTAMP | When Chatlake received it.
-- column: sender_type | TEXT | customer, bot, agent, broadcast or system.
-- column: role | TEXT | user, assistant or system.
-- column: direction | TEXT | inbound, outbound or internal.
-- column: is_visible | BOOLEAN | Whether it takes part in conversation activity: from customer, bot or agent, and no private note.
-- column: content | TEXT | Text of the message; may be empty.
-- column: agent_id | TEXT | Agent who sent it.
-- column: broadcast_id | TEXT | Broadcast that it delivers.
-- column: is_private | BOOLEAN | Whether it is a private note between agents.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: day | DATE | UTC date of sent_at; a filter on it reads the files of those days only.
SELECT
  chatbot_id,
  conversation_id,
  message_id,
  sent_at,
  received_at,
  sender_type,
  role,
  direction,
  is_visible,
  content,
  agent_id,
  broadcast_id,
  is_private,
  ingest_seq,
  day
FROM stored.messages
WHERE sent_at <= $as_of
