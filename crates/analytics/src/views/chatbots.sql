-- view: chatbots
-- doc: Chatbots and the account that each belongs to. The last write counts.
-- source: domain specification §2.4, §3.2
-- key: chatbot_id
-- reference: accounts | account_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: account_id | TEXT | Account that the chatbot belongs to.
-- column: name | TEXT | Name of the chatbot.
SELECT
  chatbot_id,
  account_id,
  name
FROM stored.chatbots
QUALIFY row_number() OVER (PARTITION BY chatbot_id ORDER BY ingest_seq DESC) = 1
