-- view: session_messages
-- doc: Messages with the session in which they were sent.
-- source: domain specification §5.4, §7.5
-- key: chatbot_id, conversation_id, message_id
-- reference: messages | chatbot_id, conversation_id, message_id
-- reference: sessions | chatbot_id, conversation_id, session_no
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
-- column: session_no | BIGINT | Session in which the message was sent; NULL outside any session.
SELECT
  messages.chatbot_id,
  messages.conversation_id,
  messages.message_id,
  messages.sent_at,
  messages.received_at,
  messages.sender_type,
  messages.role,
  messages.direction,
  messages.is_visible,
  messages.content,
  messages.agent_id,
  messages.broadcast_id,
  messages.is_private,
  messages.ingest_seq,
  messages.day,
  spans.session_no
-- The smaller side of the join stands first: it is the one that is kept in memory.
FROM session_spans AS spans
RIGHT JOIN messages
  ON messages.chatbot_id = spans.chatbot_id
  AND messages.conversation_id = spans.conversation_id
  AND messages.sent_at >= spans.started_at
  AND (spans.ended_at IS NULL OR messages.sent_at < spans.ended_at)
