-- view: daily_flows
-- doc: Starts of chat flows per local day, inbox, channel and flow; days and flows without any have no row. Starts may be added up over days, inboxes, channels, flows and chatbots; how many flows were started is a count of distinct flow_id. A filter on chatbot_id and day reads the starts of those days only.
-- source: domain specification §4, §7.7
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day on which the flows were started, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation; NULL for starts outside of conversations.
-- column: flow_id | TEXT | Flow that was started.
-- column: flow_name | TEXT | Name of the flow, else its id.
-- column: times_triggered | BIGINT | How often it was started.
WITH facts AS (
  SELECT
    flow_triggers.chatbot_id,
    flow_triggers.conversation_id,
    local_day(flow_triggers.triggered_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    flow_triggers.flow_id
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN flow_triggers
    ON flow_triggers.chatbot_id = chatbots.chatbot_id
),
placed AS (
  SELECT
    facts.chatbot_id,
    facts.day,
    snapshot.inbox_id,
    CASE WHEN facts.conversation_id IS NOT NULL THEN coalesce(snapshot.channel, 'web') END AS channel,
    facts.flow_id
  FROM conversation_snapshot AS snapshot
  RIGHT JOIN facts
    ON facts.chatbot_id = snapshot.chatbot_id
    AND facts.conversation_id = snapshot.conversation_id
),
daily AS (
  SELECT
    chatbot_id,
    day,
    inbox_id,
    channel,
    flow_id,
    count(*) AS times_triggered
  FROM placed
  GROUP BY
    chatbot_id,
    day,
    inbox_id,
    channel,
    flow_id
)
SELECT
  daily.chatbot_id,
  daily.day,
  daily.inbox_id,
  inboxes.name AS inbox_name,
  daily.channel,
  daily.flow_id,
  coalesce(flows.name, daily.flow_id) AS flow_name,
  daily.times_triggered
FROM daily
LEFT JOIN inboxes
  ON inboxes.chatbot_id = daily.chatbot_id
  AND inboxes.inbox_id = daily.inbox_id
LEFT JOIN flows
  ON flows.chatbot_id = daily.chatbot_id
  AND flows.flow_id = daily.flow_id
