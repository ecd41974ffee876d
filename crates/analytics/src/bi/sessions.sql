-- view: sessions
-- doc: Sessions of conversations with their agent, team, user and inbox by name: the rows of the page export_sessions over all_time. One row per session; messages and reopens may be added up.
-- source: domain specification §5.4, §5.5, §7.3, §7.10
-- key: chatbot_id, conversation_id, session_no
-- reference: chatbots | chatbot_id
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: session_no | BIGINT | Number of the session in its conversation, from 1.
-- column: started_at | TIMESTAMP | When the first touch happened.
-- column: started_day | DATE | Its day in the time zone of the account.
-- column: is_incoming | BOOLEAN | Whether a customer started it.
-- column: resolved_at | TIMESTAMP | When it was resolved, if nothing touched it since; else NULL.
-- column: ended_at | TIMESTAMP | 24 hours after resolved_at; from then on a touch starts a new session.
-- column: is_active | BOOLEAN | Whether it is not resolved, or was resolved less than 24 hours before now (or as_of).
-- column: status | TEXT | resolved, else assigned to an agent or a team, else unassigned.
-- column: reopens | BIGINT | Touches that reopened it within those 24 hours.
-- column: messages | BIGINT | Visible messages in it.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation.
-- column: agent_id | TEXT | Agent who is assigned last.
-- column: agent_name | TEXT | Name of the agent.
-- column: team_id | TEXT | Team that is assigned last.
-- column: team_name | TEXT | Name of the team.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: display_name | TEXT | Name of the user, else Guest User.
-- column: email | TEXT | E-mail address of the user.
-- column: phone | TEXT | Phone number of the user.
-- column: platform_id | TEXT | Id of the user on the source platform.
-- column: plan | TEXT | Current plan of the user.
-- column: industry | TEXT | Current industry of the user.
-- column: mrr | DECIMAL(18,2) | Current monthly recurring revenue of the user; USD per month.
-- column: organization_id | TEXT | Client organization of the conversation.
-- column: organization_name | TEXT | Name of the organization.
WITH message_counts AS (
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    count(*) AS messages
  FROM session_messages
  WHERE
    is_visible
    AND session_no IS NOT NULL
  GROUP BY
    chatbot_id,
    conversation_id,
    session_no
)
SELECT
  sessions.chatbot_id,
  sessions.conversation_id,
  sessions.session_no,
  sessions.started_at,
  local_day(sessions.started_at, coalesce(chatbots.timezone, 'UTC')) AS started_day,
  sessions.is_incoming,
  sessions.resolved_at,
  sessions.ended_at,
  sessions.is_active,
  sessions.status,
  sessions.reopens,
  coalesce(message_counts.messages, 0) AS messages,
  sessions.inbox_id,
  inboxes.name AS inbox_name,
  sessions.channel,
  sessions.agent_id,
  agents.name AS agent_name,
  sessions.team_id,
  teams.name AS team_name,
  sessions.user_id,
  display_name(users.name) AS display_name,
  users.email,
  users.phone,
  users.platform_id,
  users.plan,
  users.industry,
  users.mrr,
  sessions.organization_id,
  organizations.name AS organization_name
FROM sessions
LEFT JOIN message_counts
  ON message_counts.chatbot_id = sessions.chatbot_id
  AND message_counts.conversation_id = sessions.conversation_id
  AND message_counts.session_no = sessions.session_no
LEFT JOIN bi.chatbots AS chatbots
  ON chatbots.chatbot_id = sessions.chatbot_id
LEFT JOIN inboxes
  ON inboxes.chatbot_id = sessions.chatbot_id
  AND inboxes.inbox_id = sessions.inbox_id
LEFT JOIN agents
  ON agents.account_id = chatbots.account_id
  AND agents.agent_id = sessions.agent_id
LEFT JOIN teams
  ON teams.account_id = chatbots.account_id
  AND teams.team_id = sessions.team_id
LEFT JOIN users
  ON users.chatbot_id = sessions.chatbot_id
  AND users.user_id = sessions.user_id
LEFT JOIN organizations
  ON organizations.chatbot_id = sessions.chatbot_id
  AND organizations.organization_id = sessions.organization_id
