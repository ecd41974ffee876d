-- Runs that began and did not end, the oldest first.
SELECT
  run_id,
  workflow_id,
  conversation_id,
  message_id,
  occurred_at,
  updated_at
FROM workflow_runs
WHERE
  status IN ('pending', 'triggered')
  AND conversation_id IS NOT NULL
  AND message_id IS NOT NULL
ORDER BY
  occurred_at,
  run_id
