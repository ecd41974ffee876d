-- page: analytics_messages_daily
-- doc: One row per local day of the window, in order, with the messages of the day; days without any count 0. The days add up to analytics_messages. With agent_id or team_id only messages which that agent, or a present member of that team, sent count.
-- source: domain specification §1.1, §4, §7.2
-- class: analytics
-- option: agent_id | TEXT | NULL | Count only messages of this agent.
-- option: team_id | TEXT | NULL | Count only messages of members of this team.
-- column: day | DATE | Local day.
-- column: agent_sent | BIGINT | Messages of agents, without private notes.
-- column: bot_sent | BIGINT | Messages of the bot.
-- column: broadcast_sent | BIGINT | Broadcasts delivered, one per recipient.
-- column: received | BIGINT | Messages of customers.
-- example: SELECT day, agent_sent, bot_sent, broadcast_sent, received FROM analytics_messages_daily('cb_1', 'last_7_days');
WITH counts AS (
  SELECT
    local_day(sent_at, $timezone) AS day,
    count(*) FILTER (WHERE metric = 'agent_sent') AS agent_sent,
    count(*) FILTER (WHERE metric = 'bot_sent') AS bot_sent,
    count(*) FILTER (WHERE metric = 'broadcast_sent') AS broadcast_sent,
    count(*) FILTER (WHERE metric = 'received') AS received
  FROM counted_messages
  WHERE
    sent_at >= $win_from
    AND sent_at < $win_to
    AND ($agent_id IS NULL OR agent_id = $agent_id)
    AND (
      $team_id IS NULL
      OR agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
    )
  GROUP BY local_day(sent_at, $timezone)
)
SELECT
  window_days.day,
  coalesce(counts.agent_sent, 0) AS agent_sent,
  coalesce(counts.bot_sent, 0) AS bot_sent,
  coalesce(counts.broadcast_sent, 0) AS broadcast_sent,
  coalesce(counts.received, 0) AS received
FROM window_days
LEFT JOIN counts
  ON counts.day = window_days.day
ORDER BY window_days.day
