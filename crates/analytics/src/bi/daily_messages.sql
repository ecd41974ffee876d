-- view: daily_messages
-- doc: Messages per local day, inbox and channel; days without any have no row. All counts may be added up over days, inboxes, channels and chatbots: agent_sent + bot_sent + received are the visible messages. A filter on chatbot_id and day reads the messages of those days only.
-- source: domain specification §1.1, §4, §7.2
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day on which the messages were sent, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation.
-- column: agent_sent | BIGINT | Messages of agents, without private notes.
-- column: bot_sent | BIGINT | Messages of the bot.
-- column: broadcast_sent | BIGINT | Deliveries of broadcasts, one per recipient.
-- column: received | BIGINT | Messages of customers.
WITH facts AS (
  SELECT
    messages.chatbot_id,
    messages.conversation_id,
    local_day(messages.sent_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    messages.sender_type
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN messages
    ON messages.chatbot_id = chatbots.chatbot_id
  WHERE messages.direction IN ('inbound', 'outbound')
),
daily AS (
  SELECT
    facts.chatbot_id,
    facts.day,
    snapshot.inbox_id,
    coalesce(snapshot.channel, 'web') AS channel,
    count(*) FILTER (WHERE facts.sender_type = 'agent') AS agent_sent,
    count(*) FILTER (WHERE facts.sender_type = 'bot') AS bot_sent,
    count(*) FILTER (WHERE facts.sender_type = 'broadcast') AS broadcast_sent,
    count(*) FILTER (WHERE facts.sender_type = 'customer') AS received
  FROM conversation_snapshot AS snapshot
  RIGHT JOIN facts
    ON facts.chatbot_id = snapshot.chatbot_id
    AND facts.conversation_id = snapshot.conversation_id
  GROUP BY
    facts.chatbot_id,
    facts.day,
    snapshot.inbox_id,
    coalesce(snapshot.channel, 'web')
)
SELECT
  daily.chatbot_id,
  daily.day,
  daily.inbox_id,
  inboxes.name AS inbox_name,
  daily.channel,
  daily.agent_sent,
  daily.bot_sent,
  daily.broadcast_sent,
  daily.received
FROM inboxes
RIGHT JOIN daily
  ON daily.chatbot_id = inboxes.chatbot_id
  AND daily.inbox_id = inboxes.inbox_id
