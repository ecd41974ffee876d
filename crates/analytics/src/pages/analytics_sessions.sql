-- page: analytics_sessions
-- doc: One row: the sessions that are active at as_of by their status, and the incoming sessions that started in the window. With agent_id only sessions that are assigned to the agent at as_of count, with team_id those assigned to the team or to a present member of it.
-- source: domain specification §5.4, §7.3, §7.6
-- class: analytics
-- option: agent_id | TEXT | NULL | Count only sessions assigned to this agent.
-- option: team_id | TEXT | NULL | Count only sessions assigned to this team or a member of it.
-- column: active_sessions | BIGINT | Sessions that are open, or were resolved less than 24 hours before as_of, whatever the period.
-- column: unassigned | BIGINT | Of these, open and assigned to nobody.
-- column: assigned | BIGINT | Of these, open and assigned to an agent or a team.
-- column: resolved | BIGINT | Of these, resolved.
-- column: new_incoming_sessions | BIGINT | Sessions started in the window by a customer.
-- extra: previous_new_incoming_sessions | BIGINT | Sessions started in the previous period by a customer.
-- example: SELECT active_sessions, unassigned, assigned, resolved, new_incoming_sessions FROM analytics_sessions('cb_1', 'last_7_days');
SELECT
  count(*) FILTER (WHERE is_active) AS active_sessions,
  count(*) FILTER (WHERE is_active AND status = 'unassigned') AS unassigned,
  count(*) FILTER (WHERE is_active AND status = 'assigned') AS assigned,
  count(*) FILTER (WHERE is_active AND status = 'resolved') AS resolved,
  count(*) FILTER (WHERE is_incoming AND started_at >= $win_from AND started_at < $win_to) AS new_incoming_sessions,
  count(*) FILTER (WHERE is_incoming AND started_at >= $prev_from AND started_at < $prev_to) AS previous_new_incoming_sessions
FROM sessions
WHERE
  ($inbox_id IS NULL OR inbox_id = $inbox_id)
  AND ($agent_id IS NULL OR agent_id = $agent_id)
  AND (
    $team_id IS NULL
    OR team_id = $team_id
    OR agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
  )
