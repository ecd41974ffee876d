-- view: credit_ledger
-- doc: Money entries of accounts as known at as_of; the first write of an entry counts.
-- source: domain specification §2.4, §3.1, §3.2
-- key: account_id, entry_id
-- reference: accounts | account_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Chatbot that used the credits; NULL for entries of the account as a whole.
-- column: account_id | TEXT | Account (platform organization).
-- column: entry_id | TEXT | Id of the entry inside the account.
-- column: inbox_id | TEXT | Inbox that used the credits.
-- column: kind | TEXT | usage, topup, refund or adjustment.
-- column: category | TEXT | Marketing, Utility, Authentication or Other; set for usage only.
-- column: amount_usd | DECIMAL(18,6) | Amount in USD, 1 credit is 1 USD; negative only for adjustments.
-- column: template | TEXT | Message template that was paid for.
-- column: message_id | TEXT | Message that was paid for.
-- column: occurred_at | TIMESTAMP | When the entry was booked.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: day | DATE | UTC date of occurred_at; a filter on it reads the files of those days only.
SELECT
  chatbot_id,
  account_id,
  entry_id,
  inbox_id,
  kind,
  category,
  amount_usd,
  template,
  message_id,
  occurred_at,
  ingest_seq,
  day
FROM stored.credit_ledger
WHERE occurred_at <= $as_of
