-- page: export_sessions
-- doc: One row per session that started in the window, with its user's current profile: chat users as part of session data. In order of start.
-- source: domain specification §5.4, §6.4, §7.10
-- class: analytics
-- option: agent_id | TEXT | NULL | Only sessions assigned to this agent.
-- option: team_id | TEXT | NULL | Only sessions assigned to this team or a member of it.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Number of the session in its conversation, from 1.
-- column: started_at | TIMESTAMP | When the session started.
-- column: resolved_at | TIMESTAMP | When it was resolved; NULL when it is open.
-- column: status | TEXT | resolved, else assigned to an agent or a team, else unassigned.
-- column: is_active | BOOLEAN | Whether it is open, or was resolved less than 24 hours before as_of.
-- column: reopens | BIGINT | How often it was reopened within 24 hours of a resolve.
-- column: channel | TEXT | Channel of the conversation.
-- column: agent_id | TEXT | Agent who is assigned last.
-- column: team_id | TEXT | Team that is assigned last.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: user_name | TEXT | Name of the user, else Guest User.
-- column: email | TEXT | E-mail address of the user.
-- column: phone | TEXT | Phone number of the user.
-- column: platform_id | TEXT | Id of the user on the source platform.
-- column: messages | BIGINT | Visible messages in the session.
-- extra: ended_at | TIMESTAMP | 24 hours after resolved_at.
-- extra: is_incoming | BOOLEAN | Whether the customer opened it.
-- extra: inbox_id | TEXT | Inbox of the conversation.
-- extra: organization_id | TEXT | Client organization said in the conversation.
-- extra: agent_name | TEXT | Name of the agent.
-- extra: team_name | TEXT | Name of the team.
-- extra: plan | TEXT | Plan of the user.
-- extra: industry | TEXT | Industry of the user.
-- extra: mrr | DECIMAL(18,2) | Monthly recurring revenue of the user in USD.
-- extra: source_platform | TEXT | Platform that platform_id belongs to.
-- extra: profile_picture | TEXT | URL of the user's picture.
-- example: SELECT conversation_id, session_no, status, user_name, messages FROM export_sessions('cb_1', 'last_7_days');
WITH started AS (
  SELECT
    conversation_id,
    session_no,
    started_at,
    is_incoming,
    resolved_at,
    ended_at,
    reopens,
    agent_id,
    team_id,
    user_id,
    inbox_id,
    channel,
    organization_id,
    is_active,
    status
  FROM sessions
  WHERE
    started_at >= $win_from
    AND started_at < $win_to
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
    AND ($agent_id IS NULL OR agent_id = $agent_id)
    AND (
      $team_id IS NULL
      OR team_id = $team_id
      OR agent_id IN (SELECT agent_id FROM team_members WHERE account_id = $account_id AND team_id = $team_id)
    )
),
-- A message belongs to the session in whose time it was sent, as in session_messages. Counting right after the join works
-- sessions out only once.
counted AS (
  SELECT
    started.conversation_id,
    started.session_no,
    started.started_at,
    started.is_incoming,
    started.resolved_at,
    started.ended_at,
    started.reopens,
    started.agent_id,
    started.team_id,
    started.user_id,
    started.inbox_id,
    started.channel,
    started.organization_id,
    started.is_active,
    started.status,
    count(messages.message_id) AS messages
  FROM started
  LEFT JOIN messages
    ON messages.conversation_id = started.conversation_id
    AND messages.is_visible
    AND messages.sent_at >= started.started_at
    AND (started.ended_at IS NULL OR messages.sent_at < started.ended_at)
  GROUP BY
    started.conversation_id,
    started.session_no,
    started.started_at,
    started.is_incoming,
    started.resolved_at,
    started.ended_at,
    started.reopens,
    started.agent_id,
    started.team_id,
    started.user_id,
    started.inbox_id,
    started.channel,
    started.organization_id,
    started.is_active,
    started.status
)
SELECT
  counted.conversation_id,
  counted.session_no,
  counted.started_at,
  counted.resolved_at,
  counted.status,
  counted.is_active,
  counted.reopens,
  counted.channel,
  counted.agent_id,
  counted.team_id,
  counted.user_id,
  display_name(users.name) AS user_name,
  users.email,
  users.phone,
  users.platform_id,
  counted.messages,
  counted.ended_at,
  counted.is_incoming,
  counted.inbox_id,
  counted.organization_id,
  agents.name AS agent_name,
  teams.name AS team_name,
  users.plan,
  users.industry,
  users.mrr,
  users.source_platform,
  users.profile_picture
FROM counted
LEFT JOIN known_users AS users
  ON users.user_id = counted.user_id
LEFT JOIN agents
  ON agents.account_id = $account_id
  AND agents.agent_id = counted.agent_id
LEFT JOIN teams
  ON teams.account_id = $account_id
  AND teams.team_id = counted.team_id
ORDER BY
  counted.started_at,
  counted.conversation_id,
  counted.session_no
