-- view: daily_sessions
-- doc: Sessions by the local day on which they started, per inbox and channel; days without any have no row. All counts may be added up over days, inboxes, channels and chatbots; how many sessions are active is a matter of a moment, see sessions. Where a session starts follows from everything that happened in its conversation, so the chatbot's whole history is read, whatever the day.
-- source: domain specification §4, §5.4, §7.3
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day on which the sessions started, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation.
-- column: new_sessions | BIGINT | Sessions that started.
-- column: new_incoming_sessions | BIGINT | Of these, those that a customer started.
-- column: resolved_sessions | BIGINT | Of these sessions, those that are resolved now (or at as_of).
-- column: reopens | BIGINT | How often these sessions were reopened.
WITH facts AS (
  SELECT
    spans.chatbot_id,
    spans.conversation_id,
    local_day(spans.started_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    spans.is_incoming,
    spans.resolved_at,
    spans.reopens
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN session_spans AS spans
    ON spans.chatbot_id = chatbots.chatbot_id
),
daily AS (
  SELECT
    facts.chatbot_id,
    facts.day,
    snapshot.inbox_id,
    coalesce(snapshot.channel, 'web') AS channel,
    count(*) AS new_sessions,
    count(*) FILTER (WHERE facts.is_incoming) AS new_incoming_sessions,
    count(facts.resolved_at) AS resolved_sessions,
    sum(facts.reopens) AS reopens
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
  daily.new_sessions,
  daily.new_incoming_sessions,
  daily.resolved_sessions,
  daily.reopens
FROM inboxes
RIGHT JOIN daily
  ON daily.chatbot_id = inboxes.chatbot_id
  AND daily.inbox_id = inboxes.inbox_id
