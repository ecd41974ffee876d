-- page: analytics_agent_daily
-- doc: One row per local day of the window, in order, with the work of one agent, registered or not; counts of days without any are 0. Times assigned and messages add up to analytics_agents. Response times count on the day of the reply.
-- source: domain specification §4, §7.5
-- class: analytics
-- argument: agent_id | TEXT | Agent of whom the days are.
-- option: business_hours | BOOLEAN | false | Let response times count only seconds within the account's weekly business hours.
-- column: day | DATE | Local day.
-- column: times_assigned | BIGINT | How often the agent was newly assigned.
-- column: messages_sent | BIGINT | Messages to customers that the agent sent.
-- extra: active_sessions | BIGINT | Active sessions assigned to the agent at the end of the day, or at as_of on its own day; NULL for days after it.
-- extra: response_time_s | DOUBLE | Mean response time in seconds; NULL without a reply that counts.
-- extra: response_time_median_s | DOUBLE | Median response time in seconds.
-- extra: response_time_p90_s | DOUBLE | Response time in seconds that 90 % of the replies kept, interpolated.
-- extra: replies | BIGINT | Replies over which response times are taken.
-- extra: conversations_assigned | BIGINT | Conversations in which the agent was newly assigned on the day.
-- example: SELECT day, times_assigned, messages_sent FROM analytics_agent_daily('cb_1', 'last_7_days', 'ag_1');
WITH assigned AS (
  SELECT
    local_day(occurred_at, $timezone) AS day,
    count(*) AS times_assigned,
    count(DISTINCT conversation_id) AS conversations_assigned
  FROM window_assignments
  WHERE agent_id = $agent_id
  GROUP BY local_day(occurred_at, $timezone)
),
sent AS (
  SELECT
    local_day(sent_at, $timezone) AS day,
    count(*) AS messages_sent
  FROM agent_messages
  WHERE agent_id = $agent_id
  GROUP BY local_day(sent_at, $timezone)
),
waits AS (
  SELECT
    local_day(replied_at, $timezone) AS day,
    CASE WHEN $business_hours THEN business_seconds ELSE response_seconds END AS seconds
  FROM response_times
  WHERE agent_id = $agent_id
),
replied AS (
  SELECT
    day,
    -- Microseconds are added as whole numbers: the mean does not depend on the order of rows.
    CAST(sum(CAST(round(seconds * 1e6) AS DECIMAL(20, 0))) AS DOUBLE) / (count(*) * 1e6) AS response_time_s,
    median(seconds) AS response_time_median_s,
    percentile_cont(seconds, 0.9) AS response_time_p90_s,
    count(*) AS replies
  FROM waits
  GROUP BY day
),
held AS (
  SELECT
    local_day(held_from, $timezone) AS first_day,
    -- What ends after as_of has not ended yet.
    CASE WHEN held_to <= $as_of THEN local_day(held_to, $timezone) END AS last_day,
    count(*) AS sessions
  FROM session_holders
  WHERE agent_id = $agent_id
  GROUP BY
    local_day(held_from, $timezone),
    CASE WHEN held_to <= $as_of THEN local_day(held_to, $timezone) END
),
active AS (
  SELECT
    window_days.day,
    sum(held.sessions) AS active_sessions
  FROM window_days
  JOIN held
    ON held.first_day <= window_days.day
    AND (held.last_day IS NULL OR held.last_day > window_days.day)
  GROUP BY window_days.day
)
SELECT
  window_days.day,
  coalesce(assigned.times_assigned, 0) AS times_assigned,
  coalesce(sent.messages_sent, 0) AS messages_sent,
  CASE WHEN window_days.day <= $today THEN coalesce(active.active_sessions, 0) END AS active_sessions,
  replied.response_time_s,
  replied.response_time_median_s,
  replied.response_time_p90_s,
  coalesce(replied.replies, 0) AS replies,
  coalesce(assigned.conversations_assigned, 0) AS conversations_assigned
FROM window_days
LEFT JOIN assigned
  ON assigned.day = window_days.day
LEFT JOIN sent
  ON sent.day = window_days.day
LEFT JOIN replied
  ON replied.day = window_days.day
LEFT JOIN active
  ON active.day = window_days.day
ORDER BY window_days.day
