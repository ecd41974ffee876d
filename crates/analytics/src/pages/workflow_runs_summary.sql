-- page: workflow_runs_summary
-- doc: One row per registered workflow, also without runs: its runs that began in the window, each with its newest status. With an inbox only runs for conversations of that inbox count.
-- source: domain specification §8.8
-- class: analytics
-- column: workflow_id | TEXT | Workflow.
-- column: name | TEXT | Name of the workflow.
-- column: status | TEXT | active or inactive.
-- column: runs | BIGINT | Runs that began in the window.
-- column: pending | BIGINT | Of these, matched and not yet dispatched.
-- column: triggered | BIGINT | Of these, with dispatched actions.
-- column: success | BIGINT | Of these, with all actions done.
-- column: failed | BIGINT | Of these, with an action that failed after retries.
-- column: skipped | BIGINT | Of these, of an inactive workflow or one without actions.
-- column: success_rate | DOUBLE | success as a fraction of success and failed; NULL when there are neither.
-- column: last_run_at | TIMESTAMP | When the last run in the window began.
-- extra: conversations | BIGINT | Conversations with such a run.
-- example: SELECT name, runs, success_rate FROM workflow_runs_summary('cb_1', 'last_7_days');
WITH counted_runs AS (
  SELECT
    workflow_id,
    run_id,
    status,
    occurred_at,
    conversation_id
  FROM workflow_runs
  WHERE
    occurred_at >= $win_from
    AND occurred_at < $win_to
    AND ($inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations))
),
counted AS (
  SELECT
    workflow_id,
    count(*) AS runs,
    count(*) FILTER (WHERE status = 'pending') AS pending,
    count(*) FILTER (WHERE status = 'triggered') AS triggered,
    count(*) FILTER (WHERE status = 'success') AS success,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'skipped') AS skipped,
    max(occurred_at) AS last_run_at,
    count(DISTINCT conversation_id) AS conversations
  FROM counted_runs
  GROUP BY workflow_id
)
SELECT
  workflows.workflow_id,
  workflows.name,
  workflows.status,
  coalesce(counted.runs, 0) AS runs,
  coalesce(counted.pending, 0) AS pending,
  coalesce(counted.triggered, 0) AS triggered,
  coalesce(counted.success, 0) AS success,
  coalesce(counted.failed, 0) AS failed,
  coalesce(counted.skipped, 0) AS skipped,
  CAST(counted.success AS DOUBLE) / nullif(counted.success + counted.failed, 0) AS success_rate,
  counted.last_run_at,
  coalesce(counted.conversations, 0) AS conversations
FROM workflows
LEFT JOIN counted
  ON counted.workflow_id = workflows.workflow_id
ORDER BY workflows.workflow_id
