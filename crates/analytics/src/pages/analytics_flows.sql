-- page: analytics_flows
-- doc: One row: how many chat flows were triggered in the window, and how often.
-- source: domain specification §7.7
-- class: analytics
-- column: flows_triggered | BIGINT | Different flows that were triggered.
-- column: times_triggered | BIGINT | How often any flow was triggered.
-- extra: previous_flows_triggered | BIGINT | Different flows that were triggered in the previous period.
-- extra: previous_times_triggered | BIGINT | How often any flow was triggered in the previous period.
-- example: SELECT flows_triggered, times_triggered FROM analytics_flows('cb_1', 'last_7_days');
SELECT
  count(DISTINCT CASE WHEN triggered_at >= $win_from THEN flow_id END) AS flows_triggered,
  count(*) FILTER (WHERE triggered_at >= $win_from) AS times_triggered,
  count(DISTINCT CASE WHEN triggered_at < $prev_to THEN flow_id END) AS previous_flows_triggered,
  count(*) FILTER (WHERE triggered_at < $prev_to) AS previous_times_triggered
FROM counted_flow_triggers
-- The previous period ends where the window begins.
WHERE
  triggered_at >= $prev_from
  AND triggered_at < $win_to
