-- view: chatbots
-- doc: Chatbots with their account and its time zone, which decides the local days of every view here. A chatbot that is not registered has no row; its days are those of UTC.
-- source: domain specification §1, §2.4, §4
-- key: chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: chatbot_name | TEXT | Name of the chatbot.
-- column: account_id | TEXT | Account (platform organization) that the chatbot belongs to.
-- column: account_name | TEXT | Name of the account.
-- column: timezone | TEXT | IANA time zone of the account; UTC by default.
SELECT
  chatbots.chatbot_id,
  chatbots.name AS chatbot_name,
  chatbots.account_id,
  accounts.name AS account_name,
  coalesce(accounts.timezone, 'UTC') AS timezone
FROM accounts
RIGHT JOIN chatbots
  ON chatbots.account_id = accounts.account_id
