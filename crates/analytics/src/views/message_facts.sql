-- view: message_facts
-- doc: Messages with their conversation and their analysis. Averages of score are the sentiment of the specification; filter on is_visible to count conversation activity.
-- source: domain specification §5.2
-- key: chatbot_id, conversation_id, message_id
-- reference: conversations | chatbot_id, conversation_id
-- reference: users | chatbot_id, user_id
-- reference: organizations | chatbot_id, organization_id
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
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- column: organization_id | TEXT | Client organization of the conversation.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: channel | TEXT | Channel of the conversation.
-- column: score | DOUBLE | Sentiment from -1 to 1; of messages of the user only.
-- column: behavior_flags | TEXT[] | Flags on the user's behaviour; of messages of the user only.
-- column: quality_flags | TEXT[] | Flags on the answer's quality; of messages of the assistant only.
-- column: intent | TEXT | Intent; of messages of the user only.
-- column: topics | TEXT[] | Topics; of messages of the user only.
WITH analysed AS (
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
    CASE WHEN messages.role = 'user' THEN annotations.sentiment_score END AS score,
    CASE WHEN messages.role = 'user' THEN annotations.behavior_flags END AS behavior_flags,
    CASE WHEN messages.role = 'assistant' THEN annotations.quality_flags END AS quality_flags,
    CASE WHEN messages.role = 'user' THEN annotations.intent END AS intent,
    CASE WHEN messages.role = 'user' THEN annotations.topics END AS topics
  FROM messages
  LEFT JOIN annotations
    ON annotations.chatbot_id = messages.chatbot_id
    AND annotations.conversation_id = messages.conversation_id
    AND annotations.message_id = messages.message_id
)
SELECT
  analysed.chatbot_id,
  analysed.conversation_id,
  analysed.message_id,
  analysed.sent_at,
  analysed.received_at,
  analysed.sender_type,
  analysed.role,
  analysed.direction,
  analysed.is_visible,
  analysed.content,
  analysed.agent_id,
  analysed.broadcast_id,
  analysed.is_private,
  analysed.ingest_seq,
  analysed.day,
  coalesce(snapshot.user_id, 'anon:' || analysed.conversation_id) AS user_id,
  coalesce(snapshot.is_guest, TRUE) AS is_guest,
  snapshot.organization_id,
  snapshot.inbox_id,
  coalesce(snapshot.channel, 'web') AS channel,
  analysed.score,
  analysed.behavior_flags,
  analysed.quality_flags,
  analysed.intent,
  analysed.topics
-- The smaller side of the join stands first: it is the one that is kept in memory.
FROM conversation_snapshot AS snapshot
RIGHT JOIN analysed
  ON analysed.chatbot_id = snapshot.chatbot_id
  AND analysed.conversation_id = snapshot.conversation_id
