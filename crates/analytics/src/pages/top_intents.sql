-- page: top_intents
-- doc: The ten most frequent intents of the visible messages of users sent in the window; of equally frequent ones the alphabetically first.
-- source: domain specification §5.6, §8.5
-- class: analytics
-- column: intent | TEXT | The intent, a slug.
-- column: messages | BIGINT | Messages with this intent.
-- column: conversations | BIGINT | Conversations with such a message in the window.
-- column: avg_sentiment_weighted | DOUBLE | Mean score of these messages; NULL when none is scored.
-- extra: avg_sentiment | DOUBLE | Mean over conversations of the mean score of these messages; NULL when none is scored.
-- extra: users | BIGINT | Users with such a message in the window.
-- example: SELECT intent, messages, conversations FROM top_intents('cb_1', 'last_30_days');
SELECT
  intent,
  count(*) AS messages,
  count(DISTINCT conversation_id) AS conversations,
  avg_score(score) AS avg_sentiment_weighted,
  avg_of_means(score, conversation_id) AS avg_sentiment,
  count(DISTINCT user_id) AS users
FROM window_facts
WHERE intent IS NOT NULL
GROUP BY intent
ORDER BY
  messages DESC,
  intent
LIMIT 10
