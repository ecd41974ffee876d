-- view: assignments
-- doc: Assignment events of conversations as known at as_of: what each changed and who was assigned then. Given fields overwrite, unassigned clears both, a session begins unassigned.
-- source: domain specification §5.5
-- key: chatbot_id, conversation_id, event_id
-- reference: conversation_events | chatbot_id, conversation_id, event_id
-- reference: sessions | chatbot_id, conversation_id, session_no
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session in which it happened; NULL outside any session.
-- column: event_id | TEXT | Event inside the conversation.
-- column: event | TEXT | assigned or unassigned.
-- column: occurred_at | TIMESTAMP | When it happened.
-- column: agent_id | TEXT | Agent named by the event.
-- column: team_id | TEXT | Team named by the event.
-- column: agent_changed | BOOLEAN | Whether it assigned another agent than the current one.
-- column: team_changed | BOOLEAN | Whether it assigned another team than the current one.
-- column: agent_now | TEXT | Agent assigned after the event.
-- column: team_now | TEXT | Team assigned after the event.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
WITH placed AS (
  SELECT
    events.chatbot_id,
    events.conversation_id,
    spans.session_no,
    events.event_id,
    events.event,
    events.occurred_at,
    events.agent_id,
    events.team_id,
    events.ingest_seq,
    -- An unassigned may name whom it removes; that name assigns nobody.
    CASE WHEN events.event = 'assigned' THEN events.agent_id END AS agent_set,
    CASE WHEN events.event = 'assigned' THEN events.team_id END AS team_set
  FROM conversation_events AS events
  LEFT JOIN session_spans AS spans
    ON spans.chatbot_id = events.chatbot_id
    AND spans.conversation_id = events.conversation_id
    AND spans.started_at <= events.occurred_at
    AND (spans.ended_at IS NULL OR events.occurred_at < spans.ended_at)
  WHERE events.event IN ('assigned', 'unassigned')
),
grouped AS (
  -- Assignments since the last time that both were cleared.
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    event_id,
    event,
    occurred_at,
    agent_id,
    team_id,
    ingest_seq,
    agent_set,
    team_set,
    sum(CASE WHEN event = 'unassigned' THEN 1 ELSE 0 END) OVER (
      PARTITION BY chatbot_id, conversation_id, session_no
      ORDER BY occurred_at, ingest_seq
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS clear_count
  FROM placed
),
resolved AS (
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    event_id,
    event,
    occurred_at,
    agent_id,
    team_id,
    ingest_seq,
    agent_set,
    team_set,
    last_value(agent_set) IGNORE NULLS OVER before AS agent_before,
    last_value(team_set) IGNORE NULLS OVER before AS team_before,
    last_value(agent_set) IGNORE NULLS OVER so_far AS agent_now,
    last_value(team_set) IGNORE NULLS OVER so_far AS team_now
  FROM grouped
  WINDOW
    before AS (
      PARTITION BY chatbot_id, conversation_id, session_no, clear_count
      ORDER BY occurred_at, ingest_seq
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ),
    so_far AS (
      PARTITION BY chatbot_id, conversation_id, session_no, clear_count
      ORDER BY occurred_at, ingest_seq
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)
SELECT
  chatbot_id,
  conversation_id,
  session_no,
  event_id,
  event,
  occurred_at,
  agent_id,
  team_id,
  agent_set IS NOT NULL AND agent_set IS DISTINCT FROM agent_before AS agent_changed,
  team_set IS NOT NULL AND team_set IS DISTINCT FROM team_before AS team_changed,
  agent_now,
  team_now,
  ingest_seq
FROM resolved
