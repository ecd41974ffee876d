-- view: sessions
-- doc: Sessions of conversations, from the first touch to 24 hours after the first resolve that nothing followed.
-- source: domain specification §5.4, §5.5
-- key: chatbot_id, conversation_id, session_no
-- reference: conversations | chatbot_id, conversation_id
-- reference: users | chatbot_id, user_id
-- reference: inboxes | chatbot_id, inbox_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Number of the session in its conversation, from 1.
-- column: started_at | TIMESTAMP | When the first touch happened.
-- column: is_incoming | BOOLEAN | Whether the first touch is an inbound message or was opened by the customer.
-- column: resolved_at | TIMESTAMP | When it was resolved, if nothing touched it since; else NULL.
-- column: ended_at | TIMESTAMP | 24 hours after resolved_at; from then on a touch starts a new session.
-- column: reopens | BIGINT | Touches that reopened it within those 24 hours.
-- column: agent_id | TEXT | Agent who is assigned last.
-- column: team_id | TEXT | Team that is assigned last.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: channel | TEXT | Channel of the conversation.
-- column: organization_id | TEXT | Client organization of the conversation.
-- column: is_active | BOOLEAN | Whether it is not resolved, or was resolved less than 24 hours before now (or as_of).
-- column: status | TEXT | resolved, else assigned to an agent or a team, else unassigned.
WITH assigned AS (
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    agent_now AS agent_id,
    team_now AS team_id
  FROM assignments
  WHERE session_no IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY chatbot_id, conversation_id, session_no
    ORDER BY occurred_at DESC, ingest_seq DESC
  ) = 1
)
SELECT
  spans.chatbot_id,
  spans.conversation_id,
  spans.session_no,
  spans.started_at,
  spans.is_incoming,
  spans.resolved_at,
  spans.ended_at,
  spans.reopens,
  assigned.agent_id,
  assigned.team_id,
  coalesce(snapshot.user_id, 'anon:' || spans.conversation_id) AS user_id,
  snapshot.inbox_id,
  coalesce(snapshot.channel, 'web') AS channel,
  snapshot.organization_id,
  spans.ended_at IS NULL OR $now < spans.ended_at AS is_active,
  CASE
    WHEN spans.resolved_at IS NOT NULL THEN 'resolved'
    WHEN assigned.agent_id IS NOT NULL OR assigned.team_id IS NOT NULL THEN 'assigned'
    ELSE 'unassigned'
  END AS status
FROM session_spans AS spans
LEFT JOIN assigned
  ON assigned.chatbot_id = spans.chatbot_id
  AND assigned.conversation_id = spans.conversation_id
  AND assigned.session_no = spans.session_no
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.chatbot_id = spans.chatbot_id
  AND snapshot.conversation_id = spans.conversation_id
