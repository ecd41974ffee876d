-- The last 14 days (UTC) on which a chatbot has visible messages, newest first. $1: chatbot.
SELECT
  day,
  count(*) AS messages
FROM messages
WHERE chatbot_id = $1
  AND is_visible
GROUP BY day
ORDER BY day DESC
LIMIT 14
