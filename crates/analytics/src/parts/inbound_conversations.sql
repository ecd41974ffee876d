-- view: inbound_conversations
-- doc: Conversations in which a customer wrote at any time, with the first message, of all inboxes. Their users are the contacts.
-- source: domain specification §7.1, §7.4
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: first_inbound_at | TIMESTAMP | When the first inbound message was sent.
-- column: first_inbound_seq | BIGINT | Arrival number of that message, the tie-breaker.
-- column: first_message_id | TEXT | That message.
WITH first_messages AS (
  SELECT
    conversation_id,
    min(sent_at) AS first_inbound_at,
    first_value_by(ingest_seq, sent_at, ingest_seq) AS first_inbound_seq,
    first_value_by(message_id, sent_at, ingest_seq) AS first_message_id
  FROM messages
  WHERE direction = 'inbound'
  GROUP BY conversation_id
)
SELECT
  first_messages.conversation_id,
  coalesce(snapshot.user_id, 'anon:' || first_messages.conversation_id) AS user_id,
  snapshot.inbox_id,
  first_messages.first_inbound_at,
  first_messages.first_inbound_seq,
  first_messages.first_message_id
FROM first_messages
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.conversation_id = first_messages.conversation_id
