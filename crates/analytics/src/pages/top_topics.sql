-- page: top_topics
-- doc: The ten most frequent topics of the visible messages of users sent in the window; of equally frequent ones the alphabetically first. A message counts for each of its topics.
-- source: domain specification §5.6, §8.5
-- class: analytics
-- column: topic | TEXT | The topic, a slug.
-- column: messages | BIGINT | Messages with this topic.
-- column: conversations | BIGINT | Conversations with such a message in the window.
-- extra: avg_sentiment_weighted | DOUBLE | Mean score of these messages; NULL when none is scored.
-- extra: avg_sentiment | DOUBLE | Mean over conversations of the mean score of these messages; NULL when none is scored.
-- extra: users | BIGINT | Users with such a message in the window.
-- example: SELECT topic, messages, conversations FROM top_topics('cb_1', 'last_30_days');
WITH discussed AS (
  SELECT
    conversation_id,
    user_id,
    score,
    unnest(topics) AS topic
  FROM window_facts
  WHERE topics IS NOT NULL
)
SELECT
  topic,
  count(*) AS messages,
  count(DISTINCT conversation_id) AS conversations,
  avg_score(score) AS avg_sentiment_weighted,
  avg_of_means(score, conversation_id) AS avg_sentiment,
  count(DISTINCT user_id) AS users
FROM discussed
GROUP BY topic
ORDER BY
  messages DESC,
  topic
LIMIT 10
