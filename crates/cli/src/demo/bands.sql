-- Users of each chatbot by band of sentiment (domain specification §5.6), and the revenue of those who are dissatisfied.
WITH user_sentiment AS (
  SELECT
    chatbot_id,
    user_id,
    sentiment_band(avg_of_means(score, conversation_id)) AS band
  FROM message_facts
  WHERE is_visible
  GROUP BY
    chatbot_id,
    user_id
)
SELECT
  user_sentiment.chatbot_id,
  count(*) AS users,
  count(*) FILTER (WHERE user_sentiment.band = 'Dissatisfied') AS dissatisfied,
  count(*) FILTER (WHERE user_sentiment.band = 'Neutral') AS neutral,
  count(*) FILTER (WHERE user_sentiment.band = 'Satisfied') AS satisfied,
  sum(users.mrr) AS mrr_usd,
  sum(users.mrr) FILTER (WHERE user_sentiment.band = 'Dissatisfied') AS mrr_dissatisfied_usd
FROM user_sentiment
INNER JOIN users
  ON users.chatbot_id = user_sentiment.chatbot_id
  AND users.user_id = user_sentiment.user_id
WHERE user_sentiment.band IS NOT NULL
GROUP BY user_sentiment.chatbot_id
ORDER BY
  dissatisfied DESC,
  users DESC,
  user_sentiment.chatbot_id
LIMIT 10
