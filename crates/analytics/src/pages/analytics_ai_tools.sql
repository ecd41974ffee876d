-- page: analytics_ai_tools
-- doc: Three rows, ai_writer, doc_reply and all: uses of the writing tools in the window and how much of their suggestions was sent. A use is measured when something was suggested and sent and no translation came in between. The row all is taken over uses, not over tools.
-- source: domain specification §7.9
-- class: analytics
-- option: agent_id | TEXT | NULL | Count only uses by this agent.
-- option: team_id | TEXT | NULL | Count only uses by members of this team.
-- column: tool | TEXT | ai_writer, doc_reply or all.
-- column: usage_count | BIGINT | Uses, also unsent and translated ones.
-- column: measured | BIGINT | Uses that are measured.
-- column: average_accuracy | DOUBLE | Mean accuracy of measured uses: 1 less the edit distance over the length of the longer text, in Unicode characters; NULL when nothing is measured.
-- extra: acceptance_rate | DOUBLE | Share of measured uses whose suggestion was sent unchanged; NULL when nothing is measured.
-- example: SELECT tool, usage_count, measured, average_accuracy FROM analytics_ai_tools('cb_1', 'last_7_days');
WITH counts AS (
  SELECT
    tool,
    count(*) AS usage_count,
    count(accuracy) AS measured,
    -- Added like scores: the mean does not depend on the order of rows.
    sum_score(accuracy) AS accuracy_sum,
    count(*) FILTER (WHERE is_accepted) AS accepted
  FROM counted_tool_uses
  WHERE
    ($agent_id IS NULL OR agent_id = $agent_id)
    AND (
      $team_id IS NULL
      OR agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
    )
  GROUP BY tool
),
tools AS (
  SELECT
    tool,
    place
  FROM (VALUES ('ai_writer', 1), ('doc_reply', 2), ('all', 3)) AS named (tool, place)
),
totals AS (
  SELECT
    tools.tool,
    tools.place,
    coalesce(sum(counts.usage_count), 0) AS usage_count,
    coalesce(sum(counts.measured), 0) AS measured,
    sum(counts.accuracy_sum) AS accuracy_sum,
    sum(counts.accepted) AS accepted
  FROM tools
  LEFT JOIN counts
    ON counts.tool = tools.tool
    OR tools.tool = 'all'
  GROUP BY
    tools.tool,
    tools.place
)
SELECT
  tool,
  usage_count,
  measured,
  score_mean(accuracy_sum, measured) AS average_accuracy,
  CAST(accepted AS DOUBLE) / nullif(measured, 0) AS acceptance_rate
FROM totals
ORDER BY place
