-- view: account_entries
-- doc: Every money entry of the account, of all its chatbots and inboxes, with the sign with which it changes the balance.
-- source: domain specification §7.8
-- column: entry_id | TEXT | Entry inside the account.
-- column: message_id | TEXT | Message that was paid for.
-- column: occurred_at | TIMESTAMP | When it was booked.
-- column: change_usd | DECIMAL(18,6) | What it adds to the balance: use takes away, everything else adds.
SELECT
  entry_id,
  message_id,
  occurred_at,
  CASE WHEN kind = 'usage' THEN -amount_usd ELSE amount_usd END AS change_usd
FROM credit_ledger
WHERE account_id = $account_id
