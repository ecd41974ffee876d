-- page: segments
-- doc: The conversations with a visible message in the window, by a property of their user, their organization or themselves; guests are included. plan, industry and organization are those of the user's current profile, or with snapshot those of the time of the conversation: the plan and industry said in it, else the newest known at its last message, and the organization said in it. country, device and channel are always the conversation's own. The largest segments first.
-- source: domain specification §3.3, §5.6, §8.7
-- class: analytics
-- argument: by | TEXT(plan|industry|country|device|channel|organization) | Property that makes the segments.
-- option: snapshot | BOOLEAN | false | Whether plan, industry and organization are those of the time of the conversation instead of now.
-- column: segment | TEXT | Value of the property, of organization its id; (none) where it is unknown.
-- column: users | BIGINT | Users of the conversations.
-- column: conversations | BIGINT | Conversations with a visible message in the window.
-- column: avg_sentiment | DOUBLE | Mean over these conversations of their means in the window; NULL when none is scored.
-- column: churn_flagged | BIGINT | Conversations with the flag churn_risk on a message in the window.
-- column: assessed | BIGINT | Conversations with a resolution.
-- column: resolution_rate | DOUBLE | Fully and partially resolved as a fraction of assessed; NULL when none is assessed.
-- extra: avg_sentiment_weighted | DOUBLE | Mean score of the messages of users in the window; NULL when none is scored.
-- extra: messages | BIGINT | Visible messages in the window.
-- extra: unscored | BIGINT | Conversations without a scored message in the window.
-- example: SELECT segment, users, conversations, avg_sentiment FROM segments('cb_1', 'last_30_days', 'plan');
WITH profiles AS (
  -- Of this relation and the next two only the one that is asked for is read: the conditions on the options fold away.
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
    active.user_id,
    active.messages,
    active.sentiment,
    active.score_sum,
    active.score_n,
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
counted AS (
  SELECT
    segment,
    count(DISTINCT user_id) AS users,
    count(*) AS conversations,
    avg_score(sentiment) AS avg_sentiment,
    count(*) FILTER (WHERE has_churn_risk) AS churn_flagged,
    count(resolution) AS assessed,
    count(*) FILTER (WHERE resolution IN ('fully_resolved', 'partially_resolved')) AS resolved,
    score_mean(sum(score_sum), sum(score_n)) AS avg_sentiment_weighted,
    sum(messages) AS messages,
    count(*) FILTER (WHERE sentiment IS NULL) AS unscored
  FROM placed
  GROUP BY segment
)
SELECT
  segment,
  users,
  conversations,
  avg_sentiment,
  churn_flagged,
  assessed,
  CAST(resolved AS DOUBLE) / nullif(assessed, 0) AS resolution_rate,
  avg_sentiment_weighted,
  messages,
  unscored
FROM counted
ORDER BY
  conversations DESC,
  segment
