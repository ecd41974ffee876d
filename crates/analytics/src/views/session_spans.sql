-- view: session_spans
-- doc: Sessions before anybody is assigned: how the touches of a conversation fall into sessions. A building block of sessions and assignments.
-- source: domain specification §5.4
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Number of the session in its conversation, from 1.
-- column: started_at | TIMESTAMP | When the first touch happened.
-- column: is_incoming | BOOLEAN | Whether the first touch is an inbound message or was opened by the customer.
-- column: resolved_at | TIMESTAMP | When it was resolved, if nothing touched it since; else NULL.
-- column: ended_at | TIMESTAMP | 24 hours after resolved_at; from then on a touch starts a new session.
-- column: reopens | BIGINT | Touches that reopened it within those 24 hours.
WITH touches AS (
  -- Customers open: an inbound message stands before an event of the same instant, a resolve after it.
  SELECT
    chatbot_id,
    conversation_id,
    sent_at AS touched_at,
    1 AS priority,
    ingest_seq,
    FALSE AS is_resolve,
    TRUE AS is_of_customer
  FROM messages
  WHERE direction = 'inbound'
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    occurred_at AS touched_at,
    CASE WHEN event = 'resolved' THEN 3 ELSE 2 END AS priority,
    ingest_seq,
    event = 'resolved' AS is_resolve,
    event = 'opened' AND actor IS NOT DISTINCT FROM 'customer' AS is_of_customer
  FROM conversation_events
  WHERE event IN ('opened', 'reopened', 'resolved')
),
ordered AS (
  SELECT
    chatbot_id,
    conversation_id,
    touched_at,
    priority,
    ingest_seq,
    is_resolve,
    is_of_customer,
    lag(is_resolve) OVER thread AS follows_resolve
  FROM touches
  WINDOW thread AS (PARTITION BY chatbot_id, conversation_id ORDER BY touched_at, priority, ingest_seq)
),
counted AS (
  -- A resolve of a thread that is resolved or was never opened is a no-op.
  SELECT
    chatbot_id,
    conversation_id,
    touched_at,
    priority,
    ingest_seq,
    is_resolve,
    is_of_customer,
    lag(is_resolve) OVER thread AS follows_resolve,
    lag(touched_at) OVER thread AS previous_at
  FROM ordered
  WHERE
    NOT is_resolve
    OR NOT coalesce(follows_resolve, TRUE)
  WINDOW thread AS (PARTITION BY chatbot_id, conversation_id ORDER BY touched_at, priority, ingest_seq)
),
marked AS (
  SELECT
    chatbot_id,
    conversation_id,
    touched_at,
    priority,
    ingest_seq,
    is_resolve,
    is_of_customer,
    follows_resolve,
    NOT is_resolve AND (
      follows_resolve IS NULL
      OR (follows_resolve AND touched_at >= previous_at + INTERVAL '24 hours')
    ) AS starts
  FROM counted
),
numbered AS (
  SELECT
    chatbot_id,
    conversation_id,
    touched_at,
    is_resolve,
    starts AND is_of_customer AS starts_incoming,
    NOT is_resolve AND follows_resolve AND NOT starts AS reopens,
    sum(CASE WHEN starts THEN 1 ELSE 0 END) OVER (
      PARTITION BY chatbot_id, conversation_id
      ORDER BY touched_at, priority, ingest_seq
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS session_no
  FROM marked
),
spans AS (
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    min(touched_at) AS started_at,
    bool_or(starts_incoming) AS is_incoming,
    max(touched_at) FILTER (WHERE NOT is_resolve) AS last_open_at,
    max(touched_at) FILTER (WHERE is_resolve) AS last_resolve_at,
    count(*) FILTER (WHERE reopens) AS reopens
  FROM numbered
  GROUP BY
    chatbot_id,
    conversation_id,
    session_no
),
closed AS (
  -- A resolve stands behind what else happens at its instant.
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    started_at,
    is_incoming,
    CASE WHEN last_resolve_at >= last_open_at THEN last_resolve_at END AS resolved_at,
    reopens
  FROM spans
)
SELECT
  chatbot_id,
  conversation_id,
  session_no,
  started_at,
  is_incoming,
  resolved_at,
  resolved_at + INTERVAL '24 hours' AS ended_at,
  reopens
FROM closed
