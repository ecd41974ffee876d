-- page: expansion_targets_drill
-- doc: The conversations behind expansion_targets: per user of that page one row per scored conversation as avg_sentiment:<user_id> with the mean that is averaged, and one per conversation with the flag as buying_signal_conversations:<user_id>.
-- source: domain specification §8.6, §12
-- class: analytics
-- option: min_sentiment | DOUBLE | 0.2 | The average sentiment must be above it.
-- option: include_guests | BOOLEAN | false | Whether unknown users (guests) are shown too.
-- column: metric | TEXT | Column and user_id of the number, separated by a colon.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | NULL: conversations count.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: not told here.
-- column: at | TIMESTAMP | When the conversation's last visible message in the window was sent.
-- column: value | DOUBLE | Sentiment of the conversation, of avg_sentiment; else NULL.
-- example: SELECT metric, conversation_id, value FROM expansion_targets_drill('cb_1', 'last_7_days');
WITH measured AS (
  SELECT
    conversation_id,
    user_id,
    sentiment,
    has_buying_signal,
    last_at,
    bool_or(has_buying_signal) OVER (PARTITION BY user_id) AS is_buying,
    avg_score(sentiment) OVER (PARTITION BY user_id) AS avg_sentiment
  FROM conversation_window
  WHERE
    $include_guests
    OR NOT is_guest
),
counted AS (
  SELECT
    conversation_id,
    user_id,
    last_at,
    unnest([
      named_struct(
        'metric', CASE WHEN sentiment IS NOT NULL THEN 'avg_sentiment:' || user_id END,
        'value', sentiment
      ),
      named_struct(
        'metric', CASE WHEN has_buying_signal THEN 'buying_signal_conversations:' || user_id END,
        'value', CAST(NULL AS DOUBLE)
      )
    ]) AS line
  FROM measured
  WHERE
    is_buying
    AND avg_sentiment > $min_sentiment
)
SELECT
  line['metric'] AS metric,
  local_day(last_at, $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  CAST(NULL AS TEXT) AS message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  last_at AS at,
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
