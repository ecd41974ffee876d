-- view: flows
-- doc: Chat flows. The last write counts.
-- source: domain specification §2.4, §3.2
-- key: chatbot_id, flow_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: flow_id | TEXT | Flow inside the chatbot.
-- column: name | TEXT | Name of the flow.
SELECT
  chatbot_id,
  flow_id,
  name
FROM stored.flows
QUALIFY row_number() OVER (PARTITION BY chatbot_id, flow_id ORDER BY ingest_seq DESC) = 1
