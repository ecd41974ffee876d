-- view: daily_sentiment
-- doc: Sentiment per local day, inbox and channel; days without visible messages have no row. Messages and scores may be added up over days, inboxes, channels and chatbots: the message-weighted average of any of them is sum(score_sum) / sum(scored_messages). Conversations and bands are counted per day: a conversation that goes on for two days counts on both, so their sums over days are conversation-days, not conversations. A filter on chatbot_id and day reads the messages of those days only; annotations and metadata of all days are read, since both may come later.
-- source: domain specification §4, §5.2, §5.6, §8.2
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: day | DATE | Day on which the messages were sent, in the time zone of the account.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel of the conversation.
-- column: messages | BIGINT | Visible messages.
-- column: user_messages | BIGINT | Visible messages of users.
-- column: scored_messages | BIGINT | Messages of users that have a score.
-- column: score_sum | DOUBLE | Sum of their scores, each from -1 to 1, rounded once; NULL when nothing is scored.
-- column: very_negative_messages | BIGINT | Messages with a score below -0.5.
-- column: negative_messages | BIGINT | Messages with a score from -0.5 to below -0.2.
-- column: neutral_messages | BIGINT | Messages with a score from -0.2 to 0.2.
-- column: positive_messages | BIGINT | Messages with a score above 0.2 up to 0.5.
-- column: very_positive_messages | BIGINT | Messages with a score above 0.5.
-- column: conversations | BIGINT | Conversations with a visible message on the day.
-- column: satisfied_conversations | BIGINT | Conversations whose mean score of the day is above 0.2.
-- column: neutral_conversations | BIGINT | Conversations whose mean score of the day is from -0.2 to 0.2.
-- column: dissatisfied_conversations | BIGINT | Conversations whose mean score of the day is below -0.2.
-- column: unscored_conversations | BIGINT | Conversations without a score on the day.
WITH conversation_days AS (
  SELECT
    facts.chatbot_id,
    facts.conversation_id,
    local_day(facts.sent_at, coalesce(chatbots.timezone, 'UTC')) AS day,
    facts.inbox_id,
    facts.channel,
    count(*) AS messages,
    count(*) FILTER (WHERE facts.role = 'user') AS user_messages,
    count(facts.score) AS scored_messages,
    sum_score(facts.score) AS score_sum,
    avg_score(facts.score) AS sentiment,
    count(*) FILTER (WHERE sentiment_label(facts.score) = 'Very Negative') AS very_negative_messages,
    count(*) FILTER (WHERE sentiment_label(facts.score) = 'Negative') AS negative_messages,
    count(*) FILTER (WHERE sentiment_label(facts.score) = 'Neutral') AS neutral_messages,
    count(*) FILTER (WHERE sentiment_label(facts.score) = 'Positive') AS positive_messages,
    count(*) FILTER (WHERE sentiment_label(facts.score) = 'Very Positive') AS very_positive_messages
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM bi.chatbots AS chatbots
  RIGHT JOIN message_facts AS facts
    ON facts.chatbot_id = chatbots.chatbot_id
  WHERE facts.is_visible
  GROUP BY
    facts.chatbot_id,
    facts.conversation_id,
    local_day(facts.sent_at, coalesce(chatbots.timezone, 'UTC')),
    facts.inbox_id,
    facts.channel
),
daily AS (
  SELECT
    chatbot_id,
    day,
    inbox_id,
    channel,
    sum(messages) AS messages,
    sum(user_messages) AS user_messages,
    sum(scored_messages) AS scored_messages,
    -- The mean of one: the exact sum as a number.
    score_mean(sum(score_sum), 1) AS score_sum,
    sum(very_negative_messages) AS very_negative_messages,
    sum(negative_messages) AS negative_messages,
    sum(neutral_messages) AS neutral_messages,
    sum(positive_messages) AS positive_messages,
    sum(very_positive_messages) AS very_positive_messages,
    count(*) AS conversations,
    count(*) FILTER (WHERE sentiment_band(sentiment) = 'Satisfied') AS satisfied_conversations,
    count(*) FILTER (WHERE sentiment_band(sentiment) = 'Neutral') AS neutral_conversations,
    count(*) FILTER (WHERE sentiment_band(sentiment) = 'Dissatisfied') AS dissatisfied_conversations,
    count(*) FILTER (WHERE sentiment IS NULL) AS unscored_conversations
  FROM conversation_days
  GROUP BY
    chatbot_id,
    day,
    inbox_id,
    channel
)
SELECT
  daily.chatbot_id,
  daily.day,
  daily.inbox_id,
  inboxes.name AS inbox_name,
  daily.channel,
  daily.messages,
  daily.user_messages,
  daily.scored_messages,
  daily.score_sum,
  daily.very_negative_messages,
  daily.negative_messages,
  daily.neutral_messages,
  daily.positive_messages,
  daily.very_positive_messages,
  daily.conversations,
  daily.satisfied_conversations,
  daily.neutral_conversations,
  daily.dissatisfied_conversations,
  daily.unscored_conversations
FROM inboxes
RIGHT JOIN daily
  ON daily.chatbot_id = inboxes.chatbot_id
  AND daily.inbox_id = inboxes.inbox_id
