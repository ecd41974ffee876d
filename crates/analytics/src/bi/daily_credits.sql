-- view: daily_credits
-- doc: Credits used per local day, inbox and category; days and categories without any have no row. Both columns may be added up over days, inboxes, categories and chatbots; decimals are exact. Refunds, top-ups and adjustments are no usage: they change the balance of the account, which the page analytics_balance gives. A filter on chatbot_id and day reads the entries of those days only.
-- source: domain specification §4, §7.8
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day on which the entries were booked, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox that used the credits.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: category | TEXT | Marketing, Utility, Authentication or Other.
-- column: credits_used | DECIMAL(38,6) | Credits used; 1 credit is 1 USD.
-- column: templates_sent | BIGINT | Entries of usage.
WITH facts AS (
  SELECT
    ledger.chatbot_id,
    local_day(ledger.occurred_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    ledger.inbox_id,
    ledger.category,
    ledger.amount_usd
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN credit_ledger AS ledger
    ON ledger.chatbot_id = chatbots.chatbot_id
  WHERE
    ledger.kind = 'usage'
    AND ledger.chatbot_id IS NOT NULL
),
daily AS (
  SELECT
    chatbot_id,
    day,
    inbox_id,
    category,
    CAST(sum(amount_usd) AS DECIMAL(38, 6)) AS credits_used,
    count(*) AS templates_sent
  FROM facts
  GROUP BY
    chatbot_id,
    day,
    inbox_id,
    category
)
SELECT
  daily.chatbot_id,
  daily.day,
  daily.inbox_id,
  inboxes.name AS inbox_name,
  daily.category,
  daily.credits_used,
  daily.templates_sent
FROM inboxes
RIGHT JOIN daily
  ON daily.chatbot_id = inboxes.chatbot_id
  AND daily.inbox_id = inboxes.inbox_id
