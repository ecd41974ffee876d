-- view: response_times
-- doc: How long customers waited for an agent: one row per session and agent who first replied in it in the window, in the inbox asked for. The clock starts with the customer's first message of the session, or when the agent was last newly assigned before that reply, whichever is later. Sessions without an inbound message before the reply, and assignments without a reply, have no row.
-- source: domain specification §5.5, §7.5
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation.
-- column: agent_id | TEXT | Agent who replied.
-- column: message_id | TEXT | The agent's first visible message of the session.
-- column: replied_at | TIMESTAMP | When it was sent; this decides the window and the day.
-- column: first_inbound_at | TIMESTAMP | When the customer first wrote in the session.
-- column: assigned_at | TIMESTAMP | When the agent was last newly assigned until the reply; NULL when that never happened.
-- column: clock_start_at | TIMESTAMP | When the clock starts: the later of the two.
-- column: response_seconds | DOUBLE | Seconds from there to the reply.
-- column: business_seconds | DOUBLE | Of these, the seconds within the account's weekly business hours.
WITH exchanged AS (
  -- A session may be older than the window, but its agent wrote in the window.
  SELECT
    conversation_id,
    session_no,
    CASE WHEN direction = 'outbound' THEN agent_id END AS agent_id,
    message_id,
    sent_at,
    ingest_seq
  FROM session_messages
  WHERE
    session_no IS NOT NULL
    AND (direction = 'inbound' OR (direction = 'outbound' AND sender_type = 'agent'))
    AND conversation_id IN (SELECT conversation_id FROM agent_messages)
),
firsts AS (
  -- Of each session one row per agent, and one without agent for the customer.
  SELECT
    conversation_id,
    session_no,
    agent_id,
    min(sent_at) AS first_at,
    first_value_by(message_id, sent_at, ingest_seq) AS message_id
  FROM exchanged
  GROUP BY
    conversation_id,
    session_no,
    agent_id
),
paired AS (
  SELECT
    conversation_id,
    session_no,
    agent_id,
    message_id,
    first_at AS replied_at,
    min(CASE WHEN agent_id IS NULL THEN first_at END) OVER (
      PARTITION BY conversation_id, session_no
    ) AS first_inbound_at
  FROM firsts
),
replies AS (
  SELECT
    conversation_id,
    session_no,
    agent_id,
    message_id,
    replied_at,
    first_inbound_at
  FROM paired
  WHERE
    agent_id IS NOT NULL
    AND first_inbound_at <= replied_at
    AND replied_at >= $win_from
    AND replied_at < $win_to
),
clocked AS (
  SELECT
    replies.conversation_id,
    replies.session_no,
    replies.agent_id,
    replies.message_id,
    replies.replied_at,
    replies.first_inbound_at,
    max(assignments.occurred_at) AS assigned_at
  FROM replies
  LEFT JOIN assignments
    ON assignments.conversation_id = replies.conversation_id
    AND assignments.session_no = replies.session_no
    AND assignments.agent_id = replies.agent_id
    AND assignments.agent_changed
    AND assignments.occurred_at <= replies.replied_at
  GROUP BY
    replies.conversation_id,
    replies.session_no,
    replies.agent_id,
    replies.message_id,
    replies.replied_at,
    replies.first_inbound_at
),
started AS (
  SELECT
    conversation_id,
    session_no,
    agent_id,
    message_id,
    replied_at,
    first_inbound_at,
    assigned_at,
    greatest(first_inbound_at, coalesce(assigned_at, first_inbound_at)) AS clock_start_at
  FROM clocked
)
SELECT
  conversation_id,
  session_no,
  agent_id,
  message_id,
  replied_at,
  first_inbound_at,
  assigned_at,
  clock_start_at,
  (CAST(replied_at AS BIGINT) - CAST(clock_start_at AS BIGINT)) / 1e6 AS response_seconds,
  business_seconds(clock_start_at, replied_at, $timezone, $schedule) AS business_seconds
FROM started
