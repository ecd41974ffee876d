-- page: qbr
-- doc: Quarterly business review of one client organization, in long format: one row per key, in sections, for the conversations in which the organization was said. Volume, sentiment, resolution, flags (conversations with the flag), and the five most frequent intents and topics by messages. Keys that end in _previous are of the previous period. An organization without conversations has zeros, and NULL averages.
-- source: domain specification §5.6, §8.7
-- class: analytics
-- argument: organization_id | TEXT | Organization that is reviewed.
-- column: section | TEXT | volume, sentiment, resolution, flags, intent or topic, in this order.
-- column: key | TEXT | What is counted or averaged; of intent and topic the intent or topic.
-- column: value | DOUBLE | The number; a rate is a fraction.
-- example: SELECT section, key, value FROM qbr('cb_1', 'last_30_days', 'org_acme');
WITH facts AS (
  SELECT
    conversation_id,
    user_id,
    role,
    score,
    behavior_flags,
    intent,
    topics,
    sent_at >= $win_from AS is_current
  FROM message_facts
  -- The previous period ends where the window begins: one pass measures both.
  WHERE
    organization_id = $organization_id
    AND is_visible
    AND sent_at >= $prev_from
    AND sent_at < $win_to
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
),
conversations_of AS (
  SELECT
    conversation_id,
    user_id,
    count(*) FILTER (WHERE is_current) AS messages,
    count(*) FILTER (WHERE is_current AND role = 'user') AS user_messages,
    avg_score(score) FILTER (WHERE is_current) AS sentiment,
    sum_score(score) FILTER (WHERE is_current) AS score_sum,
    count(score) FILTER (WHERE is_current) AS score_count,
    bool_or(array_has(behavior_flags, 'churn_risk')) FILTER (WHERE is_current) AS has_churn_risk,
    bool_or(array_has(behavior_flags, 'frustrated_user')) FILTER (WHERE is_current) AS has_frustrated_user,
    bool_or(array_has(behavior_flags, 'buying_signal')) FILTER (WHERE is_current) AS has_buying_signal,
    array_agg(intent) FILTER (WHERE is_current AND intent IS NOT NULL) AS intents,
    array_agg(topics) FILTER (WHERE is_current AND topics IS NOT NULL) AS topics,
    count(*) FILTER (WHERE NOT is_current) AS previous_messages,
    avg_score(score) FILTER (WHERE NOT is_current) AS previous_sentiment
  FROM facts
  GROUP BY
    conversation_id,
    user_id
),
totals AS (
  SELECT
    count(*) FILTER (WHERE active.messages > 0) AS conversations,
    count(*) FILTER (WHERE active.previous_messages > 0) AS conversations_previous,
    count(DISTINCT CASE WHEN active.messages > 0 THEN active.user_id END) AS users,
    coalesce(sum(active.messages), 0) AS messages,
    coalesce(sum(active.user_messages), 0) AS user_messages,
    avg_score(active.sentiment) AS avg_sentiment,
    score_mean(sum(active.score_sum), sum(active.score_count)) AS avg_sentiment_weighted,
    avg_score(active.previous_sentiment) AS avg_sentiment_previous,
    count(*) FILTER (WHERE sentiment_band(active.sentiment) = 'Satisfied') AS satisfied,
    count(*) FILTER (WHERE sentiment_band(active.sentiment) = 'Neutral') AS neutral,
    count(*) FILTER (WHERE sentiment_band(active.sentiment) = 'Dissatisfied') AS dissatisfied,
    count(*) FILTER (WHERE active.messages > 0 AND active.sentiment IS NULL) AS unscored,
    count(resolutions.resolution) FILTER (WHERE active.messages > 0) AS assessed,
    count(*) FILTER (
      WHERE active.messages > 0 AND resolutions.resolution IN ('fully_resolved', 'partially_resolved')
    ) AS resolved,
    count(*) FILTER (WHERE active.has_churn_risk) AS churn_risk,
    count(*) FILTER (WHERE active.has_frustrated_user) AS frustrated_user,
    count(*) FILTER (WHERE active.has_buying_signal) AS buying_signal,
    array_agg(active.intents) FILTER (WHERE active.intents IS NOT NULL) AS intents,
    array_agg(active.topics) FILTER (WHERE active.topics IS NOT NULL) AS topics
  FROM conversations_of AS active
  LEFT JOIN resolutions
    ON resolutions.conversation_id = active.conversation_id
),
side_by_side AS (
  -- Three lists of different length beside each other: the numbers, and every intent and topic once per message.
  SELECT
    unnest([
      named_struct('place', 1, 'section', 'volume', 'key', 'conversations', 'value', CAST(conversations AS DOUBLE)),
      named_struct('place', 2, 'section', 'volume', 'key', 'conversations_previous', 'value', CAST(conversations_previous AS DOUBLE)),
      named_struct('place', 3, 'section', 'volume', 'key', 'users', 'value', CAST(users AS DOUBLE)),
      named_struct('place', 4, 'section', 'volume', 'key', 'messages', 'value', CAST(messages AS DOUBLE)),
      named_struct('place', 5, 'section', 'volume', 'key', 'user_messages', 'value', CAST(user_messages AS DOUBLE)),
      named_struct('place', 6, 'section', 'sentiment', 'key', 'avg_sentiment', 'value', avg_sentiment),
      named_struct('place', 7, 'section', 'sentiment', 'key', 'avg_sentiment_weighted', 'value', avg_sentiment_weighted),
      named_struct('place', 8, 'section', 'sentiment', 'key', 'avg_sentiment_previous', 'value', avg_sentiment_previous),
      named_struct('place', 9, 'section', 'sentiment', 'key', 'satisfied', 'value', CAST(satisfied AS DOUBLE)),
      named_struct('place', 10, 'section', 'sentiment', 'key', 'neutral', 'value', CAST(neutral AS DOUBLE)),
      named_struct('place', 11, 'section', 'sentiment', 'key', 'dissatisfied', 'value', CAST(dissatisfied AS DOUBLE)),
      named_struct('place', 12, 'section', 'sentiment', 'key', 'unscored', 'value', CAST(unscored AS DOUBLE)),
      named_struct('place', 13, 'section', 'resolution', 'key', 'assessed', 'value', CAST(assessed AS DOUBLE)),
      named_struct('place', 14, 'section', 'resolution', 'key', 'resolution_rate', 'value', CAST(resolved AS DOUBLE) / nullif(assessed, 0)),
      named_struct('place', 15, 'section', 'flags', 'key', 'churn_risk', 'value', CAST(churn_risk AS DOUBLE)),
      named_struct('place', 16, 'section', 'flags', 'key', 'frustrated_user', 'value', CAST(frustrated_user AS DOUBLE)),
      named_struct('place', 17, 'section', 'flags', 'key', 'buying_signal', 'value', CAST(buying_signal AS DOUBLE))
    ]) AS number,
    unnest(flatten(intents)) AS intent,
    unnest(flatten(flatten(topics))) AS topic
  FROM totals
),
entries AS (
  SELECT
    unnest([
      number,
      named_struct('place', 18, 'section', 'intent', 'key', intent, 'value', 1.0),
      named_struct('place', 19, 'section', 'topic', 'key', topic, 'value', 1.0)
    ]) AS entry
  FROM side_by_side
),
summed AS (
  SELECT
    entry['place'] AS place,
    entry['section'] AS section,
    entry['key'] AS key,
    sum(entry['value']) AS value
  FROM entries
  WHERE entry['key'] IS NOT NULL
  GROUP BY
    entry['place'],
    entry['section'],
    entry['key']
)
SELECT
  section,
  key,
  value
FROM summed
QUALIFY
  section NOT IN ('intent', 'topic')
  OR row_number() OVER (PARTITION BY section ORDER BY value DESC, key) <= 5
ORDER BY
  place,
  value DESC,
  key
