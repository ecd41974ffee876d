-- view: broadcasts
-- doc: Broadcasts (campaigns); their deliveries are messages. The last write counts.
-- source: domain specification §2.4, §3.2
-- key: chatbot_id, broadcast_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: broadcast_id | TEXT | Broadcast inside the chatbot.
-- column: name | TEXT | Name of the broadcast.
-- column: template | TEXT | Message template that it sends.
-- column: category | TEXT | Category of the template.
SELECT
  chatbot_id,
  broadcast_id,
  name,
  template,
  category
FROM stored.broadcasts
QUALIFY row_number() OVER (PARTITION BY chatbot_id, broadcast_id ORDER BY ingest_seq DESC) = 1
