-- view: session_spans
-- doc: Sessions before anybody is assigned: how the touches of a conversation fall into sessions. A building block of sessions and assignments.
-- source: domain specification §5.4
-- key: chatbot_id, conversation_id, session_no
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Number of the session in its conversation, from 1.
-- column: started_at | TIMESTAMP | When the first touch happened.
-- column: is_incoming | BOOLEAN | Whether the first touch is an inbound message or was opened by the customer.
-- column: resolved_at | TIMESTAMP | When it was resolved, if nothing touched it since; else NULL.
-- column: ended_at | TIMESTAMP | 24 hours after resolved_at; from then on a touch starts a new session.
-- column: reopens | BIGINT | Touches that reopened it within those 24 hours.
WITH touches AS (
  SELECT
    chatbot_id,
    conversation_id,
    sent_at AS touched_at,
    'inbound' AS event,
    'customer' AS actor,
    ingest_seq
  FROM messages
  WHERE direction = 'inbound'
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    occurred_at AS touched_at,
    event,
    actor,
    ingest_seq
  FROM conversation_events
  WHERE event IN ('opened', 'reopened', 'resolved')
),
threads AS (
  SELECT
    chatbot_id,
    conversation_id,
    session_spans(touched_at, event, actor, ingest_seq) AS spans
  FROM touches
  GROUP BY
    chatbot_id,
    conversation_id
),
unfolded AS (
  SELECT
    chatbot_id,
    conversation_id,
    unnest(spans) AS span
  FROM threads
)
SELECT
  chatbot_id,
  conversation_id,
  span['session_no'] AS session_no,
  span['started_at'] AS started_at,
  span['is_incoming'] AS is_incoming,
  span['resolved_at'] AS resolved_at,
  span['ended_at'] AS ended_at,
  span['reopens'] AS reopens
FROM unfolded
