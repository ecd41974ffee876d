-- page: sentiment_trend
-- doc: One row per local day of the window, in order, also days without messages. A conversation counts on every day on which a visible message was sent in it, in the band of the mean of its scored messages of that day. Counts are 0 and means NULL on days without.
-- source: domain specification §4, §5.6, §8.2
-- class: analytics
-- column: day | DATE | Local day.
-- column: avg_sentiment_weighted | DOUBLE | Mean score of the day's messages of users; NULL when none is scored.
-- column: scored_messages | BIGINT | Scored messages of users.
-- column: conversations | BIGINT | Conversations with a visible message on the day.
-- column: satisfied | BIGINT | Of these, with a mean above 0.2.
-- column: neutral | BIGINT | Of these, with a mean from -0.2 to 0.2.
-- column: dissatisfied | BIGINT | Of these, with a mean below -0.2.
-- column: unscored | BIGINT | Of these, without a scored message on the day.
-- extra: avg_sentiment | DOUBLE | Mean over the day's conversations of their means of the day; NULL when none is scored.
-- example: SELECT day, avg_sentiment_weighted, conversations, satisfied FROM sentiment_trend('cb_1', 'last_7_days');
WITH conversation_days AS (
  SELECT
    local_day,
    conversation_id,
    sum_score(score) AS score_sum,
    count(score) AS score_count,
    avg_score(score) AS sentiment
  FROM window_facts
  GROUP BY
    local_day,
    conversation_id
),
active_days AS (
  SELECT
    local_day,
    score_mean(sum(score_sum), sum(score_count)) AS avg_sentiment_weighted,
    avg_score(sentiment) AS avg_sentiment,
    sum(score_count) AS scored_messages,
    count(*) AS conversations,
    count(*) FILTER (WHERE sentiment_band(sentiment) = 'Satisfied') AS satisfied,
    count(*) FILTER (WHERE sentiment_band(sentiment) = 'Neutral') AS neutral,
    count(*) FILTER (WHERE sentiment_band(sentiment) = 'Dissatisfied') AS dissatisfied,
    count(*) FILTER (WHERE sentiment IS NULL) AS unscored
  FROM conversation_days
  GROUP BY local_day
)
SELECT
  window_days.day,
  active_days.avg_sentiment_weighted,
  coalesce(active_days.scored_messages, 0) AS scored_messages,
  coalesce(active_days.conversations, 0) AS conversations,
  coalesce(active_days.satisfied, 0) AS satisfied,
  coalesce(active_days.neutral, 0) AS neutral,
  coalesce(active_days.dissatisfied, 0) AS dissatisfied,
  coalesce(active_days.unscored, 0) AS unscored,
  active_days.avg_sentiment
FROM window_days
LEFT JOIN active_days
  ON active_days.local_day = window_days.day
ORDER BY window_days.day
