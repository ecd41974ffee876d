-- The workflows of the chatbot that the session sees.
SELECT
  workflow_id,
  name,
  trigger,
  conditions,
  actions,
  status
FROM workflows
ORDER BY workflow_id
