-- How many users are in each band of sentiment, and the revenue behind them. $1: chatbot, $2: first instant looked at.
WITH user_sentiment AS (
  SELECT
    user_id,
    avg_of_means(score, conversation_id) AS sentiment
  FROM message_facts
  WHERE chatbot_id = $1
    AND sent_at >= $2
    AND is_visible
  GROUP BY user_id
)
SELECT
  sentiment_band(user_sentiment.sentiment) AS band,
  count(*) AS users,
  count(*) FILTER (WHERE users.mrr > 0) AS paying_users,
  sum(users.mrr) AS mrr_usd
FROM user_sentiment
INNER JOIN users
  ON users.chatbot_id = $1
  AND users.user_id = user_sentiment.user_id
WHERE user_sentiment.sentiment IS NOT NULL
GROUP BY sentiment_band(user_sentiment.sentiment)
ORDER BY band
