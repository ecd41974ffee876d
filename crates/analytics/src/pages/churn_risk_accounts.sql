-- page: churn_risk_accounts
-- doc: Client organizations that pay at least min_mrr and whose average sentiment fell by at least min_drop against the previous period, the ones that pay most first. Both periods must be scored. A conversation belongs to the organization that was said in it; the revenue is the organization's own, as known now.
-- source: domain specification §5.6, §8.6
-- class: analytics
-- option: min_mrr | DECIMAL(18,2) | 1000 | Least monthly recurring revenue in USD.
-- option: min_drop | DOUBLE | 0.2 | Least fall of the average sentiment, as a positive number.
-- column: organization_id | TEXT | Organization.
-- column: organization_name | TEXT | Its name, else its id.
-- column: mrr | DECIMAL(18,2) | Monthly recurring revenue in USD.
-- column: conversations | BIGINT | Conversations with a visible message in the window.
-- column: avg_sentiment | DOUBLE | Mean over these conversations of their means.
-- column: previous_avg_sentiment | DOUBLE | The same of the previous period.
-- column: delta | DOUBLE | avg_sentiment - previous_avg_sentiment.
-- column: churn_flagged_conversations | BIGINT | Of the conversations, those with the flag churn_risk on a message in the window.
-- column: dissatisfied_users | BIGINT | Users whose conversations here have a mean below -0.2.
-- column: users | BIGINT | Users of the conversations, guests too.
-- column: breadth | DOUBLE | dissatisfied_users as a fraction of users: near 1 when the whole account is unhappy, not one user.
-- extra: previous_conversations | BIGINT | Conversations with a visible message in the previous period.
-- example: SELECT organization_name, mrr, delta, breadth FROM churn_risk_accounts('cb_1', 'last_7_days', min_mrr => 1000);
WITH members AS (
  SELECT
    organization_id,
    user_id,
    count(*) FILTER (WHERE messages > 0) AS conversations,
    count(*) FILTER (WHERE has_churn_risk) AS churn_flagged_conversations,
    avg_score(sentiment) AS sentiment,
    sum_score(sentiment) AS sentiment_sum,
    count(sentiment) AS sentiment_count,
    count(*) FILTER (WHERE previous_messages > 0) AS previous_conversations,
    sum_score(previous_sentiment) AS previous_sentiment_sum,
    count(previous_sentiment) AS previous_sentiment_count
  FROM window_comparison
  WHERE organization_id IS NOT NULL
  GROUP BY
    organization_id,
    user_id
),
compared AS (
  SELECT
    organization_id,
    sum(conversations) AS conversations,
    score_mean(sum(sentiment_sum), sum(sentiment_count)) AS avg_sentiment,
    score_mean(sum(previous_sentiment_sum), sum(previous_sentiment_count)) AS previous_avg_sentiment,
    sum(churn_flagged_conversations) AS churn_flagged_conversations,
    count(*) FILTER (WHERE sentiment < -0.2) AS dissatisfied_users,
    count(*) FILTER (WHERE conversations > 0) AS users,
    sum(previous_conversations) AS previous_conversations
  FROM members
  GROUP BY organization_id
)
SELECT
  compared.organization_id,
  coalesce(organizations.name, compared.organization_id) AS organization_name,
  organizations.mrr,
  compared.conversations,
  compared.avg_sentiment,
  compared.previous_avg_sentiment,
  compared.avg_sentiment - compared.previous_avg_sentiment AS delta,
  compared.churn_flagged_conversations,
  compared.dissatisfied_users,
  compared.users,
  CAST(compared.dissatisfied_users AS DOUBLE) / compared.users AS breadth,
  compared.previous_conversations
FROM compared
JOIN organizations
  ON organizations.organization_id = compared.organization_id
WHERE
  organizations.mrr >= $min_mrr
  AND compared.avg_sentiment - compared.previous_avg_sentiment <= -$min_drop
ORDER BY
  organizations.mrr DESC,
  delta,
  compared.organization_id
