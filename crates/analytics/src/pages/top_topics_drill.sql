-- page: top_topics_drill
-- doc: What is behind top_topics: one row per message as messages:<topic>, per conversation as conversations:<topic>, and per scored message as avg_sentiment_weighted:<topic>. Of a conversation the first message that counts is told.
-- source: domain specification §8.5, §12
-- class: analytics
-- column: metric | TEXT | Column and topic of the number, separated by a colon.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message that counts, or for which its conversation counts.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: users write these messages.
-- column: at | TIMESTAMP | When the message was sent.
-- column: value | DOUBLE | Score of the message, of avg_sentiment_weighted; else NULL.
-- example: SELECT metric, conversation_id, message_id FROM top_topics_drill('cb_1', 'last_30_days');
WITH named AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    local_day,
    sent_at,
    score,
    unnest(topics) AS topic
  FROM window_facts
  WHERE topics IS NOT NULL
),
numbered AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    local_day,
    sent_at,
    score,
    topic,
    count(*) OVER (PARTITION BY topic) AS messages,
    row_number() OVER (PARTITION BY topic, conversation_id ORDER BY sent_at, message_id) = 1 AS is_first
  FROM named
),
top_ten AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    local_day,
    sent_at,
    score,
    topic,
    is_first
  FROM numbered
  QUALIFY dense_rank() OVER (ORDER BY messages DESC, topic) <= 10
),
counted AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    local_day,
    sent_at,
    unnest([
      named_struct(
        'metric', 'messages:' || topic,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'metric', CASE WHEN is_first THEN 'conversations:' || topic END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'metric', CASE WHEN score IS NOT NULL THEN 'avg_sentiment_weighted:' || topic END,
        'value', score
      )
    ]) AS line
  FROM top_ten
)
SELECT
  line['metric'] AS metric,
  local_day AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
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
