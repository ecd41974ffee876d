-- view: session_holders
-- doc: Who had a session when: the time of every session of the inbox asked for, cut where somebody was assigned or unassigned. At each instant of its time a session is in exactly one row.
-- source: domain specification §5.4, §5.5
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Session inside the conversation.
-- column: held_from | TIMESTAMP | Since when.
-- column: held_to | TIMESTAMP | Until when: the next cut, or the end of the session; NULL when it goes on.
-- column: agent_id | TEXT | Agent who is assigned during this time.
-- column: team_id | TEXT | Team that is assigned during this time.
WITH cuts AS (
  SELECT
    conversation_id,
    session_no,
    started_at AS held_from,
    -1 AS place,
    ended_at,
    NULL AS agent_id,
    NULL AS team_id
  FROM session_spans
  UNION ALL
  SELECT
    conversation_id,
    session_no,
    occurred_at AS held_from,
    ingest_seq AS place,
    NULL AS ended_at,
    agent_now AS agent_id,
    team_now AS team_id
  FROM assignments
  WHERE session_no IS NOT NULL
)
SELECT
  conversation_id,
  session_no,
  held_from,
  coalesce(
    lead(held_from) OVER (PARTITION BY conversation_id, session_no ORDER BY held_from, place),
    max(ended_at) OVER (PARTITION BY conversation_id, session_no)
  ) AS held_to,
  agent_id,
  team_id
FROM cuts
WHERE $inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations)
