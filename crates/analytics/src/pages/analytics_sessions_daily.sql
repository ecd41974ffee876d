-- page: analytics_sessions_daily
-- doc: One row per local day of the window, in order. New incoming sessions count on the day on which they started and add up to analytics_sessions; days without any count 0. With agent_id or team_id new sessions count for whom they are assigned to at as_of, active ones for whom they were assigned to then.
-- source: domain specification §4, §5.4, §7.3, §7.6
-- class: analytics
-- option: agent_id | TEXT | NULL | Count only sessions assigned to this agent.
-- option: team_id | TEXT | NULL | Count only sessions assigned to this team or a present member of it.
-- column: day | DATE | Local day.
-- column: new_incoming_sessions | BIGINT | Sessions started on the day by a customer.
-- extra: active_sessions | BIGINT | Sessions that were active at the end of the day, or at as_of on its own day; NULL for days after it.
-- example: SELECT day, new_incoming_sessions FROM analytics_sessions_daily('cb_1', 'last_7_days');
WITH members AS (
  SELECT agent_id
  FROM team_members
  WHERE
    account_id = $account_id
    AND team_id = $team_id
),
lines AS (
  -- Who was assigned when is only looked up when somebody asks for an agent or a team.
  SELECT
    is_incoming AS is_new,
    TRUE AS is_held,
    started_at AS held_from,
    ended_at AS held_to
  FROM session_spans
  WHERE
    $agent_id IS NULL
    AND $team_id IS NULL
    AND ($inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations))
  UNION ALL
  SELECT
    TRUE AS is_new,
    FALSE AS is_held,
    started_at AS held_from,
    NULL AS held_to
  FROM sessions
  WHERE
    is_incoming
    AND NOT ($agent_id IS NULL AND $team_id IS NULL)
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
    AND ($agent_id IS NULL OR agent_id = $agent_id)
    AND ($team_id IS NULL OR team_id = $team_id OR agent_id IN (SELECT agent_id FROM members))
  UNION ALL
  SELECT
    FALSE AS is_new,
    TRUE AS is_held,
    held_from,
    held_to
  FROM session_holders
  WHERE
    NOT ($agent_id IS NULL AND $team_id IS NULL)
    AND ($agent_id IS NULL OR agent_id = $agent_id)
    AND ($team_id IS NULL OR team_id = $team_id OR agent_id IN (SELECT agent_id FROM members))
),
counts AS (
  SELECT
    local_day(held_from, $timezone) AS first_day,
    -- What ends after as_of has not ended yet.
    CASE WHEN held_to <= $as_of THEN local_day(held_to, $timezone) END AS last_day,
    count(*) FILTER (WHERE is_new) AS new_sessions,
    count(*) FILTER (WHERE is_held) AS held_sessions
  FROM lines
  GROUP BY
    local_day(held_from, $timezone),
    CASE WHEN held_to <= $as_of THEN local_day(held_to, $timezone) END
)
SELECT
  window_days.day,
  coalesce(sum(counts.new_sessions) FILTER (WHERE counts.first_day = window_days.day), 0) AS new_incoming_sessions,
  CASE
    WHEN window_days.day <= $today
    THEN coalesce(sum(counts.held_sessions) FILTER (WHERE counts.last_day IS NULL OR counts.last_day > window_days.day), 0)
  END AS active_sessions
FROM window_days
LEFT JOIN counts
  ON counts.first_day <= window_days.day
GROUP BY window_days.day
ORDER BY window_days.day
