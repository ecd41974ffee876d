-- view: inboxes
-- doc: Inboxes (connected channels) of chatbots. The last write counts.
-- source: domain specification §2.4, §3.2
-- key: chatbot_id, inbox_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: inbox_id | TEXT | Inbox inside the chatbot.
-- column: channel | TEXT | Channel: web, whatsapp, messenger, ….
-- column: name | TEXT | Name of the inbox.
SELECT
  chatbot_id,
  inbox_id,
  last_value(channel ORDER BY ingest_seq) AS channel,
  last_value(name ORDER BY ingest_seq) AS name
FROM stored.inboxes
GROUP BY
  chatbot_id,
  inbox_id
