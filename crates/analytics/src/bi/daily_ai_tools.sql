-- view: daily_ai_tools
-- doc: Uses of the writing tools per local day, inbox, channel and tool; days and tools without any have no row. All columns may be added up over days, inboxes, channels, tools and chatbots: average accuracy is sum(accuracy_sum) / sum(measured), the rate of acceptance sum(sent_unchanged) / sum(measured). A filter on chatbot_id and day reads the uses of those days only.
-- source: domain specification §4, §7.9
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day on which the tool was used, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation; NULL for uses outside of conversations.
-- column: tool | TEXT | ai_writer or doc_reply.
-- column: usage_count | BIGINT | Uses, also of suggestions that were translated or never sent.
-- column: measured | BIGINT | Uses whose suggestion was sent, changed or not, and not translated.
-- column: accuracy_sum | DOUBLE | Sum of the accuracies of measured uses, each from 0 to 1, rounded once; NULL when nothing is measured.
-- column: sent_unchanged | BIGINT | Measured uses whose suggestion was sent as it was.
WITH facts AS (
  SELECT
    uses.chatbot_id,
    uses.conversation_id,
    local_day(uses.used_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    uses.tool,
    CASE WHEN NOT uses.translation_used THEN edit_accuracy(uses.suggested_text, uses.final_text) END AS accuracy
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN ai_tool_uses AS uses
    ON uses.chatbot_id = chatbots.chatbot_id
),
placed AS (
  SELECT
    facts.chatbot_id,
    facts.day,
    snapshot.inbox_id,
    CASE WHEN facts.conversation_id IS NOT NULL THEN coalesce(snapshot.channel, 'web') END AS channel,
    facts.tool,
    facts.accuracy
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
    tool,
    count(*) AS usage_count,
    count(accuracy) AS measured,
    -- Added up as whole numbers, so that the order of rows does not matter; the mean of one is the sum.
    score_mean(sum_score(accuracy), 1) AS accuracy_sum,
    count(*) FILTER (WHERE accuracy = 1) AS sent_unchanged
  FROM placed
  GROUP BY
    chatbot_id,
    day,
    inbox_id,
    channel,
    tool
)
SELECT
  daily.chatbot_id,
  daily.day,
  daily.inbox_id,
  inboxes.name AS inbox_name,
  daily.channel,
  daily.tool,
  daily.usage_count,
  daily.measured,
  daily.accuracy_sum,
  daily.sent_unchanged
FROM inboxes
RIGHT JOIN daily
  ON daily.chatbot_id = inboxes.chatbot_id
  AND daily.inbox_id = inboxes.inbox_id
