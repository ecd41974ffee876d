-- page: segments_drill
-- doc: The conversations and users behind segments, as <column>:<segment>. For avg_sentiment one row per scored conversation with the mean that is averaged, for resolution_rate one per assessed conversation with the 1 or 0 that is averaged; a user stands with the newest of the conversations here.
-- source: domain specification §8.7, §12
-- class: analytics
-- argument: by | TEXT(plan|industry|country|device|channel|organization) | Property that makes the segments.
-- option: snapshot | BOOLEAN | false | Whether plan, industry and organization are those of the time of the conversation instead of now.
-- column: metric | TEXT | Column and segment of the number, separated by a colon.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | NULL: conversations and users count.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: not told here.
-- column: at | TIMESTAMP | When the conversation's last visible message in the window was sent.
-- column: value | DOUBLE | Sentiment of the conversation, of avg_sentiment; 1 or 0, of resolution_rate; else NULL.
-- example: SELECT metric, conversation_id, user_id FROM segments_drill('cb_1', 'last_30_days', 'plan');
WITH profiles AS (
  -- As in segments, only the relation that is asked for is read.
  SELECT
    user_id,
    CASE $by
      WHEN 'plan' THEN plan
      WHEN 'industry' THEN industry
      ELSE organization_id
    END AS segment
  FROM known_users
  WHERE
    $by IN ('plan', 'industry', 'organization')
    AND NOT $snapshot
),
then_known AS (
  SELECT
    conversation_id,
    CASE $by WHEN 'plan' THEN user_plan ELSE user_industry END AS segment
  FROM conversation_asof
  WHERE
    $by IN ('plan', 'industry')
    AND $snapshot
),
said AS (
  SELECT
    conversation_id,
    CASE $by WHEN 'country' THEN country ELSE device END AS segment
  FROM conversation_snapshot
  WHERE $by IN ('country', 'device')
),
placed AS (
  SELECT
    coalesce(
      CASE
        WHEN $by = 'channel' THEN active.channel
        WHEN $by = 'organization' AND $snapshot THEN active.organization_id
      END,
      profiles.segment,
      then_known.segment,
      said.segment,
      '(none)'
    ) AS segment,
    active.conversation_id,
    active.user_id,
    active.sentiment,
    active.last_at,
    active.has_churn_risk,
    resolutions.resolution
  FROM conversation_window AS active
  LEFT JOIN profiles
    ON profiles.user_id = active.user_id
  LEFT JOIN then_known
    ON then_known.conversation_id = active.conversation_id
  LEFT JOIN said
    ON said.conversation_id = active.conversation_id
  LEFT JOIN resolutions
    ON resolutions.conversation_id = active.conversation_id
),
numbered AS (
  SELECT
    segment,
    conversation_id,
    user_id,
    sentiment,
    last_at,
    has_churn_risk,
    resolution,
    row_number() OVER (PARTITION BY segment, user_id ORDER BY last_at DESC, conversation_id) = 1 AS is_first_of_user
  FROM placed
),
counted AS (
  SELECT
    segment,
    conversation_id,
    user_id,
    last_at,
    unnest([
      named_struct(
        'name', 'conversations',
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN is_first_of_user THEN 'users' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN sentiment IS NOT NULL THEN 'avg_sentiment' END,
        'value', sentiment
      ),
      named_struct(
        'name', CASE WHEN has_churn_risk THEN 'churn_flagged' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN resolution IS NOT NULL THEN 'assessed' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN resolution IS NOT NULL THEN 'resolution_rate' END,
        'value', CASE WHEN resolution IN ('fully_resolved', 'partially_resolved') THEN 1.0 ELSE 0.0 END
      )
    ]) AS line
  FROM numbered
)
SELECT
  line['name'] || ':' || segment AS metric,
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
WHERE line['name'] IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
