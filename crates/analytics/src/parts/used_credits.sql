-- view: used_credits
-- doc: What the chatbot used of its account's credits in the inbox asked for, at any time: a page narrows occurred_at to its window. One row is one template sent. A chatbot without account has none. Refunds change the balance, not the use.
-- source: domain specification §7.8
-- column: entry_id | TEXT | Entry inside the account.
-- column: category | TEXT | Marketing, Utility, Authentication or Other.
-- column: amount_usd | DECIMAL(18,6) | Credits used; 1 credit is 1 USD.
-- column: message_id | TEXT | Message that was paid for.
-- column: occurred_at | TIMESTAMP | When it was booked.
SELECT
  entry_id,
  category,
  amount_usd,
  message_id,
  occurred_at
FROM credit_ledger
WHERE
  account_id = $account_id
  AND chatbot_id = $chatbot_id
  AND kind = 'usage'
  AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
