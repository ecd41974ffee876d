-- view: daily_agents
-- doc: Work of agents per local day, inbox and channel; days on which an agent did nothing have no row. All counts and sums may be added up over days, inboxes, channels, agents and chatbots: the mean response time of any of them is sum(response_seconds) / sum(responses). A median cannot be had from sums; the page analytics_agents gives it. Agents who are not registered are here too, without a name. A filter on chatbot_id and day reads the sent messages of those days only; assignments and responses follow from the whole history of the chatbot's conversations.
-- source: domain specification §4, §5.5, §7.5
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day of the message, assignment or response, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation.
-- column: agent_id | TEXT | Agent inside the account.
-- column: agent_name | TEXT | Name of the agent.
-- column: messages_sent | BIGINT | Messages of the agent, without private notes.
-- column: times_assigned | BIGINT | How often a conversation was assigned to the agent who was not assigned before.
-- column: responses | BIGINT | Sessions in which the agent replied for the first time, after a message of the customer.
-- column: response_seconds | DOUBLE | Seconds until these replies, from the first message of the customer in the session or the assignment to the agent, whichever is later; NULL without responses.
WITH first_messages AS (
  -- The first message of customers in a session, and the first reply of each agent.
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    CASE WHEN direction = 'outbound' THEN agent_id END AS agent_id,
    CASE WHEN direction = 'outbound' THEN 'replied' ELSE 'asked' END AS act,
    min(sent_at) AS acted_at
  FROM session_messages
  WHERE
    session_no IS NOT NULL
    AND (direction = 'inbound' OR (direction = 'outbound' AND sender_type = 'agent'))
  GROUP BY
    chatbot_id,
    conversation_id,
    session_no,
    CASE WHEN direction = 'outbound' THEN agent_id END,
    CASE WHEN direction = 'outbound' THEN 'replied' ELSE 'asked' END
),
timeline AS (
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    agent_id,
    act,
    acted_at
  FROM first_messages
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    session_no,
    agent_id,
    'assigned' AS act,
    occurred_at AS acted_at
  FROM assignments
  WHERE agent_changed
),
timed AS (
  -- An assignment at the instant of the reply is before it.
  SELECT
    chatbot_id,
    conversation_id,
    agent_id,
    act,
    acted_at,
    min(CASE WHEN act = 'asked' THEN acted_at END) OVER (
      PARTITION BY chatbot_id, conversation_id, session_no
    ) AS asked_at,
    max(CASE WHEN act = 'assigned' THEN acted_at END) OVER (
      PARTITION BY chatbot_id, conversation_id, session_no, agent_id
      ORDER BY acted_at
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS assigned_at
  FROM timeline
),
acts AS (
  -- Whole microseconds, so that sums do not depend on the order of rows.
  SELECT
    chatbot_id,
    conversation_id,
    agent_id,
    acted_at,
    CASE
      WHEN act = 'replied' AND asked_at <= acted_at
        THEN CAST(acted_at AS BIGINT) - CAST(greatest(asked_at, assigned_at) AS BIGINT)
    END AS response_micros,
    CASE WHEN act = 'assigned' THEN 1 ELSE 0 END AS times_assigned,
    0 AS messages_sent
  FROM timed
  WHERE
    act = 'assigned'
    OR (act = 'replied' AND asked_at <= acted_at)
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    agent_id,
    sent_at AS acted_at,
    NULL AS response_micros,
    0 AS times_assigned,
    1 AS messages_sent
  FROM messages
  WHERE
    sender_type = 'agent'
    AND direction = 'outbound'
),
facts AS (
  SELECT
    acts.chatbot_id,
    acts.conversation_id,
    local_day(acts.acted_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    chatbots.account_id,
    acts.agent_id,
    acts.response_micros,
    acts.times_assigned,
    acts.messages_sent
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN acts
    ON acts.chatbot_id = chatbots.chatbot_id
),
daily AS (
  SELECT
    facts.chatbot_id,
    facts.day,
    snapshot.inbox_id,
    coalesce(snapshot.channel, 'web') AS channel,
    facts.account_id,
    facts.agent_id,
    sum(facts.messages_sent) AS messages_sent,
    sum(facts.times_assigned) AS times_assigned,
    count(facts.response_micros) AS responses,
    CAST(sum(facts.response_micros) AS DOUBLE) / 1000000 AS response_seconds
  FROM conversation_snapshot AS snapshot
  RIGHT JOIN facts
    ON facts.chatbot_id = snapshot.chatbot_id
    AND facts.conversation_id = snapshot.conversation_id
  GROUP BY
    facts.chatbot_id,
    facts.day,
    snapshot.inbox_id,
    coalesce(snapshot.channel, 'web'),
    facts.account_id,
    facts.agent_id
)
SELECT
  daily.chatbot_id,
  daily.day,
  daily.inbox_id,
  inboxes.name AS inbox_name,
  daily.channel,
  daily.agent_id,
  agents.name AS agent_name,
  daily.messages_sent,
  daily.times_assigned,
  daily.responses,
  daily.response_seconds
FROM daily
LEFT JOIN inboxes
  ON inboxes.chatbot_id = daily.chatbot_id
  AND inboxes.inbox_id = daily.inbox_id
LEFT JOIN agents
  ON agents.account_id = daily.account_id
  AND agents.agent_id = daily.agent_id
