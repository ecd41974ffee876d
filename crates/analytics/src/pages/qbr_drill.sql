-- page: qbr_drill
-- doc: What is behind qbr: one row per conversation, message or user as <section>:<key>, of intents and topics only the five that are shown. The averages have one row per scored message or conversation with what is averaged, resolution_rate one per assessed conversation with 1 or 0. Of a conversation or user the last message of the period is told.
-- source: domain specification §8.7, §12
-- class: analytics
-- argument: organization_id | TEXT | Organization that is reviewed.
-- column: metric | TEXT | Section and key of the number, separated by a colon.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message that counts, or for which its conversation or user counts.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | Agent who wrote the message.
-- column: at | TIMESTAMP | When the message was sent.
-- column: value | DOUBLE | What is averaged, of averages and the rate; else NULL.
-- example: SELECT metric, conversation_id, message_id FROM qbr_drill('cb_1', 'last_30_days', 'org_acme');
WITH facts AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    role,
    sent_at,
    score,
    behavior_flags,
    intent,
    topics,
    sent_at >= $win_from AS is_current
  FROM message_facts
  WHERE
    organization_id = $organization_id
    AND is_visible
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
    role,
    sent_at,
    score,
    intent,
    topics,
    is_current,
    avg_score(score) OVER conversation AS sentiment,
    bool_or(array_has(behavior_flags, 'churn_risk')) OVER conversation AS has_churn_risk,
    bool_or(array_has(behavior_flags, 'frustrated_user')) OVER conversation AS has_frustrated_user,
    bool_or(array_has(behavior_flags, 'buying_signal')) OVER conversation AS has_buying_signal,
    row_number() OVER (PARTITION BY is_current, conversation_id ORDER BY sent_at DESC, message_id) = 1 AS is_last,
    row_number() OVER (PARTITION BY is_current, user_id ORDER BY sent_at DESC, conversation_id, message_id) = 1 AS is_last_of_user
  FROM facts
  WINDOW conversation AS (PARTITION BY is_current, conversation_id)
),
side_by_side AS (
  -- Two lists of different length beside each other: the numbers that a message counts in, and its topics.
  SELECT
    placed.conversation_id,
    placed.message_id,
    placed.user_id,
    placed.agent_id,
    placed.sent_at,
    unnest([
      named_struct(
        'section', 'volume',
        'key', CASE WHEN placed.is_current AND placed.is_last THEN 'conversations' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'volume',
        'key', CASE WHEN NOT placed.is_current AND placed.is_last THEN 'conversations_previous' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'volume',
        'key', CASE WHEN placed.is_current AND placed.is_last_of_user THEN 'users' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'volume',
        'key', CASE WHEN placed.is_current THEN 'messages' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'volume',
        'key', CASE WHEN placed.is_current AND placed.role = 'user' THEN 'user_messages' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'sentiment',
        'key', CASE WHEN placed.is_current AND placed.is_last AND placed.sentiment IS NOT NULL THEN 'avg_sentiment' END,
        'value', placed.sentiment
      ),
      named_struct(
        'section', 'sentiment',
        'key', CASE WHEN placed.is_current AND placed.score IS NOT NULL THEN 'avg_sentiment_weighted' END,
        'value', placed.score
      ),
      named_struct(
        'section', 'sentiment',
        'key', CASE WHEN NOT placed.is_current AND placed.is_last AND placed.sentiment IS NOT NULL THEN 'avg_sentiment_previous' END,
        'value', placed.sentiment
      ),
      named_struct(
        'section', 'sentiment',
        'key', CASE WHEN placed.is_current AND placed.is_last THEN coalesce(lower(sentiment_band(placed.sentiment)), 'unscored') END,
        'value', placed.sentiment
      ),
      named_struct(
        'section', 'resolution',
        'key', CASE WHEN placed.is_current AND placed.is_last AND resolutions.resolution IS NOT NULL THEN 'assessed' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'resolution',
        'key', CASE WHEN placed.is_current AND placed.is_last AND resolutions.resolution IS NOT NULL THEN 'resolution_rate' END,
        'value', CASE WHEN resolutions.resolution IN ('fully_resolved', 'partially_resolved') THEN 1.0 ELSE 0.0 END
      ),
      named_struct(
        'section', 'flags',
        'key', CASE WHEN placed.is_current AND placed.is_last AND placed.has_churn_risk THEN 'churn_risk' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'flags',
        'key', CASE WHEN placed.is_current AND placed.is_last AND placed.has_frustrated_user THEN 'frustrated_user' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'flags',
        'key', CASE WHEN placed.is_current AND placed.is_last AND placed.has_buying_signal THEN 'buying_signal' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'section', 'intent',
        'key', CASE WHEN placed.is_current THEN placed.intent END,
        'value', CAST(NULL AS DOUBLE)
      )
    ]) AS number,
    unnest(CASE WHEN placed.is_current THEN placed.topics END) AS topic
  FROM placed
  LEFT JOIN resolutions
    ON resolutions.conversation_id = placed.conversation_id
),
lines AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    unnest([
      number,
      named_struct(
        'section', 'topic',
        'key', topic,
        'value', CAST(NULL AS DOUBLE)
      )
    ]) AS line
  FROM side_by_side
),
counted AS (
  SELECT
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    line['section'] AS section,
    line['key'] AS key,
    line['value'] AS value,
    count(*) OVER (PARTITION BY line['section'], line['key']) AS row_count
  FROM lines
  WHERE line['key'] IS NOT NULL
),
shown AS (
  SELECT
    section || ':' || key AS metric,
    conversation_id,
    message_id,
    user_id,
    agent_id,
    sent_at,
    value
  FROM counted
  QUALIFY
    section NOT IN ('intent', 'topic')
    OR dense_rank() OVER (PARTITION BY section ORDER BY row_count DESC, key) <= 5
)
SELECT
  metric,
  local_day(sent_at, $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  agent_id,
  sent_at AS at,
  value
FROM shown
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
