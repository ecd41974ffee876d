-- view: window_facts
-- doc: Visible messages of the window with what is known about them.
-- source: domain specification §5.2, §5.3
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: message_id | TEXT | Message inside the conversation.
-- column: sent_at | TIMESTAMP | When the message was sent.
-- column: local_day | DATE | Calendar day of sent_at in the account's time zone.
-- column: sender_type | TEXT | customer, bot or agent.
-- column: role | TEXT | user or assistant.
-- column: direction | TEXT | inbound or outbound.
-- column: agent_id | TEXT | Agent who sent it.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: is_guest | BOOLEAN | Whether that is an unidentified guest.
-- column: organization_id | TEXT | Client organization said in the conversation.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: channel | TEXT | Channel of the conversation.
-- column: score | DOUBLE | Sentiment of a user's message; NULL when not analysed, as in the columns that follow.
-- column: behavior_flags | TEXT[] | Flags on the user's behaviour.
-- column: quality_flags | TEXT[] | Flags on the answer's quality.
-- column: intent | TEXT | Intent of a user's message.
-- column: topics | TEXT[] | Topics of a user's message.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
SELECT
  conversation_id,
  message_id,
  sent_at,
  local_day(sent_at, $timezone) AS local_day,
  sender_type,
  role,
  direction,
  agent_id,
  user_id,
  is_guest,
  organization_id,
  inbox_id,
  channel,
  score,
  behavior_flags,
  quality_flags,
  intent,
  topics,
  ingest_seq
FROM message_facts
WHERE
  is_visible
  AND sent_at >= $win_from
  AND sent_at < $win_to
  AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
