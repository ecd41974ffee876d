-- page: analytics_agents
-- doc: One row per registered agent of the account, ordered by agent_id, also of those who did nothing. Times assigned are events that newly assigned the agent, not conversations. Response time is measured per session in which the agent first replied in the window, from the customer's first message of the session or from the assignment to the agent, whichever is later.
-- source: domain specification §7.5
-- class: analytics
-- option: agent_id | TEXT | NULL | Only this agent.
-- option: team_id | TEXT | NULL | Only present members of this team.
-- option: business_hours | BOOLEAN | false | Let response times count only seconds within the account's weekly business hours.
-- column: agent_id | TEXT | Agent inside the account.
-- column: name | TEXT | Name of the agent.
-- column: active_sessions | BIGINT | Active sessions assigned to the agent at as_of, whatever the period, resolved less than 24 hours ago included.
-- column: times_assigned | BIGINT | How often the agent was newly assigned in the window.
-- column: messages_sent | BIGINT | Messages to customers that the agent sent in the window.
-- column: response_time_s | DOUBLE | Mean response time in seconds; NULL without a reply that counts.
-- column: response_time_median_s | DOUBLE | Median response time in seconds.
-- extra: response_time_p90_s | DOUBLE | Response time in seconds that 90 % of the replies kept, interpolated.
-- extra: replies | BIGINT | Replies over which response times are taken.
-- extra: conversations_assigned | BIGINT | Conversations in which the agent was newly assigned in the window.
-- example: SELECT agent_id, name, active_sessions, times_assigned, messages_sent, response_time_s FROM analytics_agents('cb_1', 'last_7_days');
WITH held AS (
  SELECT
    agent_id,
    count(*) AS active_sessions
  FROM sessions
  WHERE
    is_active
    AND agent_id IS NOT NULL
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
  GROUP BY agent_id
),
assigned AS (
  SELECT
    agent_id,
    count(*) AS times_assigned,
    count(DISTINCT conversation_id) AS conversations_assigned
  FROM window_assignments
  WHERE agent_id IS NOT NULL
  GROUP BY agent_id
),
sent AS (
  SELECT
    agent_id,
    count(*) AS messages_sent
  FROM agent_messages
  GROUP BY agent_id
),
waits AS (
  SELECT
    agent_id,
    CASE WHEN $business_hours THEN business_seconds ELSE response_seconds END AS seconds
  FROM response_times
),
replied AS (
  SELECT
    agent_id,
    -- Microseconds are added as whole numbers: the mean does not depend on the order of rows.
    CAST(sum(CAST(round(seconds * 1e6) AS DECIMAL(20, 0))) AS DOUBLE) / (count(*) * 1e6) AS response_time_s,
    median(seconds) AS response_time_median_s,
    percentile_cont(seconds, 0.9) AS response_time_p90_s,
    count(*) AS replies
  FROM waits
  GROUP BY agent_id
)
SELECT
  agents.agent_id,
  agents.name,
  coalesce(held.active_sessions, 0) AS active_sessions,
  coalesce(assigned.times_assigned, 0) AS times_assigned,
  coalesce(sent.messages_sent, 0) AS messages_sent,
  replied.response_time_s,
  replied.response_time_median_s,
  replied.response_time_p90_s,
  coalesce(replied.replies, 0) AS replies,
  coalesce(assigned.conversations_assigned, 0) AS conversations_assigned
FROM agents
LEFT JOIN held
  ON held.agent_id = agents.agent_id
LEFT JOIN assigned
  ON assigned.agent_id = agents.agent_id
LEFT JOIN sent
  ON sent.agent_id = agents.agent_id
LEFT JOIN replied
  ON replied.agent_id = agents.agent_id
WHERE
  agents.account_id = $account_id
  AND ($agent_id IS NULL OR agents.agent_id = $agent_id)
  AND (
    $team_id IS NULL
    OR agents.agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
  )
ORDER BY agents.agent_id
