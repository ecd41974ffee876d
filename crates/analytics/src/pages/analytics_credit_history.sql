-- page: analytics_credit_history
-- doc: One row per local day of the window, in order, with what the chatbot used of its account's credits; days without use are 0. The days add up to analytics_credit_usage and total_credits_used.
-- source: domain specification §4, §7.8
-- class: analytics
-- column: day | DATE | Local day.
-- column: credits_used | DECIMAL(38,6) | Credits used, exact; 1 credit is 1 USD.
-- column: templates_sent | BIGINT | Entries of use, one per template sent.
-- example: SELECT day, credits_used, templates_sent FROM analytics_credit_history('cb_1', 'last_7_days');
WITH used AS (
  SELECT
    local_day(occurred_at, $timezone) AS day,
    sum(amount_usd) AS credits_used,
    count(*) AS templates_sent
  FROM used_credits
  WHERE
    occurred_at >= $win_from
    AND occurred_at < $win_to
  GROUP BY local_day(occurred_at, $timezone)
)
SELECT
  window_days.day,
  CAST(coalesce(used.credits_used, 0) AS DECIMAL(38, 6)) AS credits_used,
  coalesce(used.templates_sent, 0) AS templates_sent
FROM window_days
LEFT JOIN used
  ON used.day = window_days.day
ORDER BY window_days.day
