-- page: analytics_balance
-- doc: One row: what the chatbot used in the window, and what its account has left at as_of. The balance is top-ups, refunds and adjustments less the use of all chatbots of the account, of all time and all inboxes; it may be negative. A chatbot without account has used 0 and has 0.
-- source: domain specification §7.8
-- class: analytics
-- column: total_credits_used | DECIMAL(38,6) | Credits that the chatbot used in the window, exact; 1 credit is 1 USD.
-- column: balance | DECIMAL(38,6) | Credits of the account at as_of, exact.
-- extra: previous_total_credits_used | DECIMAL(38,6) | Credits that the chatbot used in the previous period.
-- example: SELECT total_credits_used, balance FROM analytics_balance('cb_1', 'last_7_days');
WITH used AS (
  SELECT
    sum(amount_usd) FILTER (WHERE occurred_at >= $win_from) AS total_credits_used,
    sum(amount_usd) FILTER (WHERE occurred_at < $prev_to) AS previous_total_credits_used
  FROM used_credits
  -- The previous period ends where the window begins.
  WHERE
    occurred_at >= $prev_from
    AND occurred_at < $win_to
),
account AS (
  SELECT sum(change_usd) AS balance
  FROM account_entries
)
SELECT
  CAST(coalesce(used.total_credits_used, 0) AS DECIMAL(38, 6)) AS total_credits_used,
  CAST(coalesce(account.balance, 0) AS DECIMAL(38, 6)) AS balance,
  CAST(coalesce(used.previous_total_credits_used, 0) AS DECIMAL(38, 6)) AS previous_total_credits_used
FROM used
CROSS JOIN account
