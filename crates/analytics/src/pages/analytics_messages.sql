-- page: analytics_messages
-- doc: One row per kind of message: how many in the window, how many in the previous period, and the change. With agent_id or team_id only messages which that agent, or a present member of that team, sent count, so that only agent_sent can be above 0.
-- source: domain specification §1.1, §4, §7.2
-- class: analytics
-- option: agent_id | TEXT | NULL | Count only messages of this agent.
-- option: team_id | TEXT | NULL | Count only messages of members of this team.
-- column: metric | TEXT | agent_sent, bot_sent, broadcast_sent (one per recipient) or received.
-- column: value | BIGINT | Messages in the window.
-- column: previous | BIGINT | Messages in the previous period of as many days.
-- column: change_pct | DOUBLE | Change as a fraction of previous; NULL when previous is 0.
-- example: SELECT metric, value, previous, change_pct FROM analytics_messages('cb_1', 'last_7_days');
WITH counts AS (
  SELECT
    metric,
    count(*) FILTER (WHERE sent_at >= $win_from) AS value,
    count(*) FILTER (WHERE sent_at < $prev_to) AS previous
  FROM counted_messages
  -- The previous period ends where the window begins.
  WHERE
    sent_at >= $prev_from
    AND sent_at < $win_to
    AND ($agent_id IS NULL OR agent_id = $agent_id)
    AND (
      $team_id IS NULL
      OR agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
    )
  GROUP BY metric
),
metrics AS (
  SELECT unnest(['agent_sent', 'bot_sent', 'broadcast_sent', 'received']) AS metric
)
SELECT
  metrics.metric,
  coalesce(counts.value, 0) AS value,
  coalesce(counts.previous, 0) AS previous,
  change_pct(counts.value, counts.previous) AS change_pct
FROM metrics
LEFT JOIN counts
  ON counts.metric = metrics.metric
ORDER BY metrics.metric
