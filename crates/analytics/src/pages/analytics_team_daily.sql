-- page: analytics_team_daily
-- doc: One row per local day of the window, in order, with the work of one team, or of all members when team_id is *; counts of days without any are 0. The days add up to the row of analytics_teams.
-- source: domain specification §4, §7.6
-- class: analytics
-- argument: team_id | TEXT | Team of which the days are; * for the row All members.
-- column: day | DATE | Local day.
-- column: times_assigned | BIGINT | Events that newly assigned the team or a present member.
-- column: messages_sent | BIGINT | Messages to customers that members sent.
-- extra: active_sessions | BIGINT | Active sessions assigned to the team or a present member at the end of the day, or at as_of on its own day; NULL for days after it.
-- example: SELECT day, times_assigned, messages_sent FROM analytics_team_daily('cb_1', 'last_7_days', 'tm_sup');
WITH members AS (
  SELECT agent_id
  FROM team_members
  WHERE
    account_id = $account_id
    AND team_id = $team_id
),
work AS (
  SELECT
    local_day(occurred_at, $timezone) AS day,
    agent_id,
    team_id,
    count(*) AS times_assigned,
    0 AS messages_sent
  FROM window_assignments
  GROUP BY
    local_day(occurred_at, $timezone),
    agent_id,
    team_id
  UNION ALL
  SELECT
    local_day(sent_at, $timezone) AS day,
    agent_id,
    NULL AS team_id,
    0 AS times_assigned,
    count(*) AS messages_sent
  FROM agent_messages
  GROUP BY
    local_day(sent_at, $timezone),
    agent_id
),
credited AS (
  SELECT
    work.day,
    sum(work.times_assigned) AS times_assigned,
    sum(work.messages_sent) AS messages_sent
  FROM work
  LEFT JOIN members
    ON members.agent_id = work.agent_id
  WHERE
    $team_id = '*'
    OR work.team_id = $team_id
    OR members.agent_id IS NOT NULL
  GROUP BY work.day
),
held AS (
  SELECT
    local_day(holders.held_from, $timezone) AS first_day,
    -- What ends after as_of has not ended yet.
    CASE WHEN holders.held_to <= $as_of THEN local_day(holders.held_to, $timezone) END AS last_day,
    count(*) AS sessions
  FROM session_holders AS holders
  LEFT JOIN members
    ON members.agent_id = holders.agent_id
  WHERE
    holders.team_id = $team_id
    OR members.agent_id IS NOT NULL
    OR ($team_id = '*' AND (holders.agent_id IS NOT NULL OR holders.team_id IS NOT NULL))
  GROUP BY
    local_day(holders.held_from, $timezone),
    CASE WHEN holders.held_to <= $as_of THEN local_day(holders.held_to, $timezone) END
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
  coalesce(credited.times_assigned, 0) AS times_assigned,
  coalesce(credited.messages_sent, 0) AS messages_sent,
  CASE WHEN window_days.day <= $today THEN coalesce(active.active_sessions, 0) END AS active_sessions
FROM window_days
LEFT JOIN credited
  ON credited.day = window_days.day
LEFT JOIN active
  ON active.day = window_days.day
ORDER BY window_days.day
