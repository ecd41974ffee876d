-- page: analytics_flows_daily
-- doc: One row per local day of the window, in order, with the chat flows that were triggered on it; days without any count 0. The times add up to analytics_flows, the flows do not: one flow counts on every day on which it was triggered.
-- source: domain specification §4, §7.7
-- class: analytics
-- column: day | DATE | Local day.
-- column: flows_triggered | BIGINT | Different flows that were triggered.
-- column: times_triggered | BIGINT | How often any flow was triggered.
-- example: SELECT day, flows_triggered, times_triggered FROM analytics_flows_daily('cb_1', 'last_7_days');
WITH counts AS (
  SELECT
    local_day(triggered_at, $timezone) AS day,
    count(DISTINCT flow_id) AS flows_triggered,
    count(*) AS times_triggered
  FROM counted_flow_triggers
  WHERE
    triggered_at >= $win_from
    AND triggered_at < $win_to
  GROUP BY local_day(triggered_at, $timezone)
)
SELECT
  window_days.day,
  coalesce(counts.flows_triggered, 0) AS flows_triggered,
  coalesce(counts.times_triggered, 0) AS times_triggered
FROM window_days
LEFT JOIN counts
  ON counts.day = window_days.day
ORDER BY window_days.day
