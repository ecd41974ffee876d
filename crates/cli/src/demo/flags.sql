-- What was noticed in messages, most frequent first. $1: chatbot, $2: first instant looked at.
WITH flagged AS (
  SELECT
    conversation_id,
    unnest(behavior_flags) AS flag
  FROM message_facts
  WHERE chatbot_id = $1
    AND sent_at >= $2
  UNION ALL
  SELECT
    conversation_id,
    unnest(quality_flags) AS flag
  FROM message_facts
  WHERE chatbot_id = $1
    AND sent_at >= $2
)
SELECT
  flag,
  count(*) AS messages,
  count(DISTINCT conversation_id) AS conversations
FROM flagged
GROUP BY flag
ORDER BY
  messages DESC,
  flag
LIMIT 8
