-- page: analytics_credit_usage
-- doc: Four rows, one per category in the order Marketing, Utility, Authentication, Other: what the chatbot used of its account's credits in the window. Refunds do not lower the use; a chatbot without account uses nothing.
-- source: domain specification §7.8
-- class: analytics
-- column: category | TEXT | Category; Other holds everything that is none of the three, also what has no category.
-- column: credits_used | DECIMAL(38,6) | Credits used, exact; 1 credit is 1 USD.
-- column: templates_sent | BIGINT | Entries of use, one per template sent.
-- example: SELECT category, credits_used, templates_sent FROM analytics_credit_usage('cb_1', 'last_7_days');
WITH used AS (
  SELECT
    category,
    sum(amount_usd) AS credits_used,
    count(*) AS templates_sent
  FROM used_credits
  WHERE
    occurred_at >= $win_from
    AND occurred_at < $win_to
  GROUP BY category
),
categories AS (
  SELECT
    category,
    place
  FROM (VALUES ('Marketing', 1), ('Utility', 2), ('Authentication', 3), ('Other', 4)) AS named (category, place)
)
SELECT
  categories.category,
  CAST(coalesce(used.credits_used, 0) AS DECIMAL(38, 6)) AS credits_used,
  coalesce(used.templates_sent, 0) AS templates_sent
FROM categories
LEFT JOIN used
  ON used.category = categories.category
ORDER BY categories.place
