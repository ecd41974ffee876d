-- page: flag_rates_drill
-- doc: What is behind flag_rates: one row per message as messages:<kind>:<flag>, per conversation as conversations:<kind>:<flag>, and per conversation of the denominator as analysed_conversations:<kind>. Of a conversation the first message that counts is told.
-- source: domain specification §8.3, §12
-- class: analytics
-- column: metric | TEXT | Column, kind and flag of the number, separated by colons.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message that counts, or for which its conversation counts.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who wrote the message.
-- column: at | TIMESTAMP | When the message was sent.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, conversation_id, message_id FROM flag_rates_drill('cb_1', 'last_30_days');
WITH analysed AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    local_day,
    sent_at,
    CASE WHEN behavior_flags IS NULL THEN 'quality' ELSE 'behavior' END AS kind,
    -- As in flag_rates, the NULL stands for the analysis itself.
    unnest(array_append(coalesce(behavior_flags, quality_flags), NULL)) AS flag
  FROM window_facts
  WHERE
    behavior_flags IS NOT NULL
    OR quality_flags IS NOT NULL
),
numbered AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    local_day,
    sent_at,
    kind,
    flag,
    row_number() OVER (PARTITION BY kind, flag, conversation_id ORDER BY sent_at, message_id) = 1 AS is_first
  FROM analysed
),
counted AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    local_day,
    sent_at,
    unnest([
      CASE WHEN flag IS NOT NULL THEN 'messages:' || kind || ':' || flag END,
      CASE WHEN flag IS NOT NULL AND is_first THEN 'conversations:' || kind || ':' || flag END,
      CASE WHEN flag IS NULL AND is_first THEN 'analysed_conversations:' || kind END
    ]) AS metric
  FROM numbered
)
SELECT
  metric,
  local_day AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  agent_id,
  sent_at AS at,
  CAST(NULL AS DOUBLE) AS value
FROM counted
WHERE metric IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
