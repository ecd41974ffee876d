-- Every chatbot with its visible messages, busiest first.
SELECT
  chatbot_id,
  count(*) AS messages,
  count(DISTINCT conversation_id) AS conversations,
  min(day) AS first_day,
  max(day) AS last_day
FROM messages
WHERE is_visible
GROUP BY chatbot_id
ORDER BY
  messages DESC,
  chatbot_id
LIMIT 10
