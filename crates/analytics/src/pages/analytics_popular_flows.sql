-- page: analytics_popular_flows
-- doc: The ten chat flows that were triggered most often in the window; of equally frequent ones the smaller flow_id stands first, and they share their rank.
-- source: domain specification §7.7
-- class: analytics
-- column: rank | BIGINT | Place by times_triggered; after flows that share a place the next places are left out.
-- column: flow_id | TEXT | Flow.
-- column: flow_name | TEXT | Name of the flow; its id when it has none.
-- column: times_triggered | BIGINT | How often it was triggered.
-- example: SELECT rank, flow_id, flow_name, times_triggered FROM analytics_popular_flows('cb_1', 'last_7_days');
WITH counts AS (
  SELECT
    flow_id,
    count(*) AS times_triggered
  FROM counted_flow_triggers
  WHERE
    triggered_at >= $win_from
    AND triggered_at < $win_to
  GROUP BY flow_id
)
SELECT
  CAST(rank() OVER (ORDER BY counts.times_triggered DESC) AS BIGINT) AS rank,
  counts.flow_id,
  coalesce(flows.name, counts.flow_id) AS flow_name,
  counts.times_triggered
FROM counts
LEFT JOIN flows
  ON flows.flow_id = counts.flow_id
ORDER BY
  counts.times_triggered DESC,
  counts.flow_id
LIMIT 10
