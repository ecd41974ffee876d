-- page: workflow_runs_summary_drill
-- doc: The runs behind workflow_runs_summary: one row per run as runs:<workflow_id>, and one as <status>:<workflow_id>.
-- source: domain specification §8.8, §12
-- class: analytics
-- column: metric | TEXT | Column and workflow_id of the number, separated by a colon.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that triggered the run.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | Message that triggered the run.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | Run.
-- column: agent_id | TEXT | NULL: no agent takes part.
-- column: at | TIMESTAMP | When the run began.
-- column: value | DOUBLE | NULL: these are counts.
-- example: SELECT metric, record_id, message_id FROM workflow_runs_summary_drill('cb_1', 'last_7_days');
WITH runs AS (
  SELECT
    workflow_runs.workflow_id,
    workflow_runs.run_id,
    workflow_runs.status,
    workflow_runs.occurred_at,
    workflow_runs.conversation_id,
    workflow_runs.message_id,
    coalesce(snapshot.user_id, 'anon:' || workflow_runs.conversation_id) AS user_id
  FROM workflow_runs
  JOIN workflows
    ON workflows.workflow_id = workflow_runs.workflow_id
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.conversation_id = workflow_runs.conversation_id
  WHERE
    workflow_runs.occurred_at >= $win_from
    AND workflow_runs.occurred_at < $win_to
    AND ($inbox_id IS NULL OR snapshot.inbox_id = $inbox_id)
),
counted AS (
  SELECT
    run_id,
    occurred_at,
    conversation_id,
    message_id,
    user_id,
    unnest(['runs:' || workflow_id, status || ':' || workflow_id]) AS metric
  FROM runs
)
SELECT
  metric,
  local_day(occurred_at, $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  message_id,
  user_id,
  run_id AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  occurred_at AS at,
  CAST(NULL AS DOUBLE) AS value
FROM counted
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
