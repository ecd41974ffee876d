-- page: churn_risk_accounts_drill
-- doc: What is behind churn_risk_accounts: per organization of that page its conversations and users, as <column>:<organization_id>. For avg_sentiment and previous_avg_sentiment one row per scored conversation with the mean that is averaged; a user stands with the newest of the conversations here.
-- source: domain specification §8.6, §12
-- class: analytics
-- option: min_mrr | DECIMAL(18,2) | 1000 | Least monthly recurring revenue in USD.
-- option: min_drop | DOUBLE | 0.2 | Least fall of the average sentiment, as a positive number.
-- column: metric | TEXT | Column and organization_id of the number, separated by a colon.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | NULL: conversations and users count.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | Organization.
-- column: agent_id | TEXT | NULL: not told here.
-- column: at | TIMESTAMP | When the conversation's last visible message in the window (or the previous period) was sent.
-- column: value | DOUBLE | Sentiment of the conversation, of the averages, or of the user, of dissatisfied_users; else NULL.
-- example: SELECT metric, conversation_id, user_id, value FROM churn_risk_accounts_drill('cb_1', 'last_7_days');
WITH compared AS (
  SELECT
    organization_id,
    conversation_id,
    user_id,
    messages > 0 AS is_current,
    sentiment,
    last_at,
    has_churn_risk,
    previous_sentiment,
    previous_last_at,
    avg_score(sentiment) OVER organization AS avg_sentiment,
    avg_score(previous_sentiment) OVER organization AS previous_avg_sentiment,
    avg_score(sentiment) OVER (PARTITION BY organization_id, user_id) AS user_sentiment,
    row_number() OVER (
      PARTITION BY organization_id, user_id
      ORDER BY last_at DESC NULLS LAST, conversation_id
    ) = 1 AS is_first_of_user
  FROM window_comparison
  WHERE organization_id IS NOT NULL
  WINDOW organization AS (PARTITION BY organization_id)
),
fallen AS (
  SELECT
    compared.organization_id,
    compared.conversation_id,
    compared.user_id,
    compared.is_current,
    compared.sentiment,
    compared.last_at,
    compared.has_churn_risk,
    compared.previous_sentiment,
    compared.previous_last_at,
    compared.user_sentiment,
    compared.is_first_of_user AND compared.is_current AS is_user
  FROM compared
  JOIN organizations
    ON organizations.organization_id = compared.organization_id
  WHERE
    organizations.mrr >= $min_mrr
    AND compared.avg_sentiment - compared.previous_avg_sentiment <= -$min_drop
),
counted AS (
  SELECT
    organization_id,
    conversation_id,
    user_id,
    unnest([
      named_struct(
        'name', CASE WHEN is_current THEN 'conversations' END,
        'at', last_at,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN sentiment IS NOT NULL THEN 'avg_sentiment' END,
        'at', last_at,
        'value', sentiment
      ),
      named_struct(
        'name', CASE WHEN previous_sentiment IS NOT NULL THEN 'previous_avg_sentiment' END,
        'at', previous_last_at,
        'value', previous_sentiment
      ),
      named_struct(
        'name', CASE WHEN has_churn_risk THEN 'churn_flagged_conversations' END,
        'at', last_at,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN is_user THEN 'users' END,
        'at', last_at,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'name', CASE WHEN is_user AND user_sentiment < -0.2 THEN 'dissatisfied_users' END,
        'at', last_at,
        'value', user_sentiment
      )
    ]) AS line
  FROM fallen
)
SELECT
  line['name'] || ':' || organization_id AS metric,
  local_day(line['at'], $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  CAST(NULL AS TEXT) AS message_id,
  user_id,
  organization_id AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  line['at'] AS at,
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
