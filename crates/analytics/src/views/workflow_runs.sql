-- view: workflow_runs
-- doc: Runs of workflows: the newest row of each run that is known at as_of.
-- source: domain specification §3.2
-- key: chatbot_id, run_id
-- reference: workflows | chatbot_id, workflow_id
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: run_id | TEXT | Id of the run.
-- column: workflow_id | TEXT | Workflow that ran.
-- column: status | TEXT | pending, triggered, success, failed or skipped.
-- column: occurred_at | TIMESTAMP | When the run began.
-- column: updated_at | TIMESTAMP | When its status last changed.
-- column: conversation_id | TEXT | Conversation that triggered it.
-- column: message_id | TEXT | Message that triggered it.
-- column: error | TEXT | Why it failed.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: day | DATE | UTC date of occurred_at; a filter on it reads the files of those days only.
WITH newest AS (
  SELECT
    chatbot_id,
    run_id,
    workflow_id,
    status,
    occurred_at,
    updated_at,
    conversation_id,
    message_id,
    error,
    ingest_seq,
    day
  FROM stored.workflow_runs
  WHERE updated_at <= $as_of
  QUALIFY row_number() OVER (PARTITION BY chatbot_id, run_id ORDER BY updated_at DESC, ingest_seq DESC) = 1
)
SELECT
  chatbot_id,
  run_id,
  workflow_id,
  status,
  occurred_at,
  updated_at,
  conversation_id,
  message_id,
  error,
  ingest_seq,
  day
FROM newest
WHERE occurred_at <= $as_of
