-- page: analytics_overview_drill
-- doc: What is behind analytics_overview: per metric one row per conversation, message or user, and the same of the previous period as previous_<metric>. avg_sentiment_weighted has one row per scored message, avg_sentiment one per scored conversation with the mean that is averaged. Of a conversation or user the last message of the period is told. With include_analyzed_today there is one row per message as analyzed_today and as previous_analyzed_today, at the time when it was last analysed that day.
-- source: domain specification §8.1, §12
-- class: analytics
-- option: include_analyzed_today | BOOLEAN | false | Whether the rows of analyzed_today are there.
-- column: metric | TEXT | Metric, with previous_ in front for the previous period.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message that counts, or for which its conversation or user counts.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who wrote the message.
-- column: at | TIMESTAMP | When the message was sent, or analysed, of analyzed_today.
-- column: value | DOUBLE | Score of the message or mean score of the conversation, of the averages; else NULL.
-- example: SELECT metric, conversation_id, user_id FROM analytics_overview_drill('cb_1', 'last_7_days');
WITH facts AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    score,
    CASE WHEN sent_at >= $win_from THEN '' ELSE 'previous_' END AS prefix
  FROM message_facts
  WHERE
    is_visible
    AND sent_at >= $prev_from
    AND sent_at < $win_to
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
),
placed AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    score,
    prefix,
    avg_score(score) OVER (PARTITION BY prefix, conversation_id) AS sentiment,
    row_number() OVER (PARTITION BY prefix, conversation_id ORDER BY sent_at DESC, message_id) = 1 AS is_last,
    row_number() OVER (PARTITION BY prefix, user_id ORDER BY sent_at DESC, conversation_id, message_id) = 1 AS is_last_of_user
  FROM facts
),
lines AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    prefix,
    unnest([
      named_struct(
        'name', 'messages',
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN score IS NOT NULL THEN 'avg_sentiment_weighted' END,
        'value', score
      ),
      named_struct(
        'name', CASE WHEN is_last THEN 'conversations' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN is_last AND sentiment IS NOT NULL THEN 'avg_sentiment' END,
        'value', sentiment
      ),
      named_struct(
        'name', CASE WHEN is_last_of_user THEN 'active_users' END,
        'value', CAST(NULL AS DOUBLE)
      )
    ]) AS line
  FROM placed
),
counted AS (
  SELECT
    prefix || line['name'] AS metric,
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at AS at,
    line['value'] AS value
  FROM lines
  WHERE line['name'] IS NOT NULL
  UNION ALL
  SELECT
    CASE
      WHEN versions.annotated_at >= period_start('today', $timezone, $as_of) THEN 'analyzed_today'
      ELSE 'previous_analyzed_today'
    END AS metric,
    messages.conversation_id,
    messages.message_id,
    messages.user_id,
    messages.agent_id,
    max(versions.annotated_at) AS at,
    CAST(NULL AS DOUBLE) AS value
  FROM annotation_versions AS versions
  JOIN message_facts AS messages
    ON messages.conversation_id = versions.conversation_id
    AND messages.message_id = versions.message_id
  WHERE
    $include_analyzed_today
    AND versions.annotated_at >= period_start('yesterday', $timezone, $as_of)
    AND versions.annotated_at < period_end('today', $timezone, $as_of)
    AND messages.is_visible
    AND ($inbox_id IS NULL OR messages.inbox_id = $inbox_id)
  GROUP BY
    CASE
      WHEN versions.annotated_at >= period_start('today', $timezone, $as_of) THEN 'analyzed_today'
      ELSE 'previous_analyzed_today'
    END,
    messages.conversation_id,
    messages.message_id,
    messages.user_id,
    messages.agent_id
)
SELECT
  metric,
  local_day(at, $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  agent_id,
  at,
  value
FROM counted
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
