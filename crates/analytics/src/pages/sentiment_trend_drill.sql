-- page: sentiment_trend_drill
-- doc: What is behind sentiment_trend: per column of that page one row per message or conversation and local day. avg_sentiment_weighted and scored_messages have one row per scored message, conversations one per conversation and day, and satisfied, neutral, dissatisfied or unscored too, with the conversation's mean of the day. Of a conversation the last visible message of the day is told.
-- source: domain specification §8.2, §12
-- class: analytics
-- column: metric | TEXT | Column of sentiment_trend.
-- column: day | DATE | Local day on which it counts.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message that counts, or for which its conversation counts.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who wrote the message.
-- column: at | TIMESTAMP | When the message was sent.
-- column: value | DOUBLE | Score of the message, or mean score of the conversation on the day.
-- example: SELECT metric, day, conversation_id, value FROM sentiment_trend_drill('cb_1', 'last_7_days');
WITH placed AS (
  SELECT
    local_day,
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    score,
    avg_score(score) OVER (PARTITION BY local_day, conversation_id) AS sentiment,
    row_number() OVER (PARTITION BY local_day, conversation_id ORDER BY sent_at DESC, message_id) = 1 AS is_last
  FROM window_facts
),
counted AS (
  SELECT
    local_day,
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    unnest([
      named_struct(
        'metric', CASE WHEN score IS NOT NULL THEN 'avg_sentiment_weighted' END,
        'value', score
      ),
      named_struct(
        'metric', CASE WHEN score IS NOT NULL THEN 'scored_messages' END,
        'value', score
      ),
      named_struct(
        'metric', CASE WHEN is_last THEN 'conversations' END,
        'value', sentiment
      ),
      named_struct(
        'metric', CASE WHEN is_last THEN coalesce(lower(sentiment_band(sentiment)), 'unscored') END,
        'value', sentiment
      )
    ]) AS line
  FROM placed
)
SELECT
  line['metric'] AS metric,
  local_day AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  agent_id,
  sent_at AS at,
  line['value'] AS value
FROM counted
WHERE line['metric'] IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
