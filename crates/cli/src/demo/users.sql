-- The least happy users: a conversation counts as the mean of its scored messages, a user as the mean of their
-- conversations (domain specification §5.6).
WITH user_sentiment AS (
  SELECT
    chatbot_id,
    user_id,
    count(DISTINCT conversation_id) AS conversations,
    avg_of_means(score, conversation_id) AS mean
  FROM message_facts
  WHERE is_visible
  GROUP BY
    chatbot_id,
    user_id
)
SELECT
  user_sentiment.chatbot_id,
  coalesce(users.name, 'Guest User') AS "user",
  users.plan,
  users.mrr AS mrr_usd,
  user_sentiment.conversations,
  round(user_sentiment.mean, 2) AS sentiment,
  sentiment_label(user_sentiment.mean) AS label
FROM user_sentiment
INNER JOIN users
  ON users.chatbot_id = user_sentiment.chatbot_id
  AND users.user_id = user_sentiment.user_id
WHERE user_sentiment.mean IS NOT NULL
ORDER BY
  user_sentiment.mean,
  user_sentiment.chatbot_id,
  user_sentiment.user_id
LIMIT 12
