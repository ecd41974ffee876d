-- page: analytics_teams
-- doc: One row per registered team of the account, ordered by team_id, then the row All members, whose team_id is NULL: everything that is assigned to anybody and all messages of agents. To a team belongs what is assigned to it or to a present member of it, each session and event once, and the messages of its members; a member of two teams counts in both.
-- source: domain specification §7.6
-- class: analytics
-- column: team_id | TEXT | Team inside the account; NULL in the row of all members.
-- column: name | TEXT | Name of the team.
-- column: active_sessions | BIGINT | Active sessions assigned at as_of, whatever the period, resolved less than 24 hours ago included.
-- column: times_assigned | BIGINT | Events of the window that newly assigned the team or a member.
-- column: messages_sent | BIGINT | Messages to customers that members sent in the window.
-- extra: members | BIGINT | Agents who are in the team; in the row of all members, in any team.
-- example: SELECT team_id, name, active_sessions, times_assigned, messages_sent FROM analytics_teams('cb_1', 'last_7_days');
WITH work AS (
  -- By agent and team, so that a row belongs to a team as a whole or not at all.
  SELECT
    agent_id,
    team_id,
    count(*) AS active_sessions,
    0 AS times_assigned,
    0 AS messages_sent
  FROM sessions
  WHERE
    is_active
    AND (agent_id IS NOT NULL OR team_id IS NOT NULL)
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
  GROUP BY
    agent_id,
    team_id
  UNION ALL
  SELECT
    agent_id,
    team_id,
    0 AS active_sessions,
    count(*) AS times_assigned,
    0 AS messages_sent
  FROM window_assignments
  GROUP BY
    agent_id,
    team_id
  UNION ALL
  SELECT
    agent_id,
    NULL AS team_id,
    0 AS active_sessions,
    0 AS times_assigned,
    count(*) AS messages_sent
  FROM agent_messages
  GROUP BY agent_id
),
members AS (
  SELECT
    team_id,
    agent_id
  FROM team_members
  WHERE account_id = $account_id
),
member_counts AS (
  SELECT
    team_id,
    count(*) AS members
  FROM members
  GROUP BY team_id
  UNION ALL
  SELECT
    NULL AS team_id,
    count(DISTINCT agent_id) AS members
  FROM members
),
lines AS (
  SELECT
    team_id,
    name
  FROM teams
  WHERE account_id = $account_id
  UNION ALL
  SELECT
    NULL AS team_id,
    'All members' AS name
),
credited AS (
  SELECT
    lines.team_id,
    lines.name,
    work.active_sessions,
    work.times_assigned,
    work.messages_sent,
    lines.team_id IS NULL
    OR coalesce(work.team_id = lines.team_id, FALSE)
    OR members.agent_id IS NOT NULL AS belongs
  FROM lines
  LEFT JOIN work
    ON TRUE
  LEFT JOIN members
    ON members.team_id = lines.team_id
    AND members.agent_id = work.agent_id
),
totals AS (
  SELECT
    team_id,
    name,
    sum(active_sessions) FILTER (WHERE belongs) AS active_sessions,
    sum(times_assigned) FILTER (WHERE belongs) AS times_assigned,
    sum(messages_sent) FILTER (WHERE belongs) AS messages_sent
  FROM credited
  GROUP BY
    team_id,
    name
)
SELECT
  totals.team_id,
  totals.name,
  coalesce(totals.active_sessions, 0) AS active_sessions,
  coalesce(totals.times_assigned, 0) AS times_assigned,
  coalesce(totals.messages_sent, 0) AS messages_sent,
  coalesce(member_counts.members, 0) AS members
FROM totals
LEFT JOIN member_counts
  ON member_counts.team_id IS NOT DISTINCT FROM totals.team_id
ORDER BY totals.team_id NULLS LAST
