-- view: daily_flags
-- doc: Flags of messages per local day, inbox, channel, kind and flag; days and flags without any have no row. Messages may be added up over days, inboxes, channels and chatbots, and of flags as often as a message has one. Conversations are counted per day and flag: a conversation flagged on two days counts on both, one with two flags under both, so their sums over days or flags are not conversations; the page flag_rates counts those of a window, and rates. A filter on chatbot_id and day reads the messages of those days only; annotations and metadata of all days are read, since both may come later.
-- source: domain specification §4, §5.2, §8.3
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day on which the messages were sent, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation.
-- column: kind | TEXT | behavior for flags on what users wrote, quality for flags on answers.
-- column: flag | TEXT | The flag, a slug.
-- column: messages | BIGINT | Visible messages with the flag.
-- column: conversations | BIGINT | Conversations with such a message on the day.
WITH facts AS (
  SELECT
    messages.chatbot_id,
    messages.conversation_id,
    local_day(messages.sent_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    messages.inbox_id,
    messages.channel,
    -- Messages of users have flags of the one kind only, answers of the other.
    CASE WHEN messages.role = 'user' THEN 'behavior' ELSE 'quality' END AS kind,
    coalesce(messages.behavior_flags, messages.quality_flags) AS flags
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN message_facts AS messages
    ON messages.chatbot_id = chatbots.chatbot_id
  WHERE messages.is_visible
),
flagged AS (
  SELECT
    chatbot_id,
    conversation_id,
    day,
    inbox_id,
    channel,
    kind,
    unnest(flags) AS flag
  FROM facts
),
daily AS (
  SELECT
    chatbot_id,
    day,
    inbox_id,
    channel,
    kind,
    flag,
    count(*) AS messages,
    count(DISTINCT conversation_id) AS conversations
  FROM flagged
  GROUP BY
    chatbot_id,
    day,
    inbox_id,
    channel,
    kind,
    flag
)
SELECT
  daily.chatbot_id,
  daily.day,
  daily.inbox_id,
  inboxes.name AS inbox_name,
  daily.channel,
  daily.kind,
  daily.flag,
  daily.messages,
  daily.conversations
FROM inboxes
RIGHT JOIN daily
  ON daily.chatbot_id = inboxes.chatbot_id
  AND daily.inbox_id = inboxes.inbox_id
