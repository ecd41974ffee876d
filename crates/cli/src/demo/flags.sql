-- What was noticed in messages, most frequent first.
WITH flagged AS (
  SELECT
    chatbot_id,
    conversation_id,
    unnest(behavior_flags) AS flag
  FROM message_facts
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    unnest(quality_flags) AS flag
  FROM message_facts
),
per_conversation AS (
  SELECT
    flag,
    chatbot_id,
    conversation_id,
    count(*) AS message_count
  FROM flagged
  GROUP BY
    flag,
    chatbot_id,
    conversation_id
)
SELECT
  flag,
  sum(message_count) AS messages,
  count(*) AS conversations,
  count(DISTINCT chatbot_id) AS chatbots
FROM per_conversation
GROUP BY flag
ORDER BY
  messages DESC,
  flag
LIMIT 8
