-- view: workflows
-- doc: Workflows: what triggers them, under which conditions, and what they do. The last write counts.
-- source: domain specification §2.4, §3.2
-- key: chatbot_id, workflow_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: workflow_id | TEXT | Workflow inside the chatbot.
-- column: name | TEXT | Name of the workflow.
-- column: trigger | TEXT | user_message, assistant_message or any_message.
-- column: conditions | JSON | Conditions that must hold (§8.8).
-- column: actions | JSON | Actions that are taken.
-- column: status | TEXT | active or inactive.
SELECT
  chatbot_id,
  workflow_id,
  name,
  trigger,
  conditions,
  actions,
  status
FROM stored.workflows
QUALIFY row_number() OVER (PARTITION BY chatbot_id, workflow_id ORDER BY ingest_seq DESC) = 1
