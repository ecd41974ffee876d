-- view: users
-- doc: Users with a visible message at any time, with their current profile and what became of their conversations: the users of the page users_page over all_time, guests too. One row per user; conversations, messages and scored_messages may be added up over users, averages may not.
-- source: domain specification §5.6, §6.1
-- key: chatbot_id, user_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: user_id | TEXT | User inside the chatbot (§1.2).
-- column: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- column: user_name | TEXT | Name of the user.
-- column: display_name | TEXT | Name of the user, else Guest User.
-- column: email | TEXT | E-mail address of the user.
-- column: phone | TEXT | Phone number of the user.
-- column: source_platform | TEXT | Platform that the user comes from.
-- column: plan | TEXT | Plan of the user.
-- column: industry | TEXT | Industry of the user.
-- column: mrr | DECIMAL(18,2) | Monthly recurring revenue of the user; USD per month, 0 is a value.
-- column: mrr_range | TEXT | Its class: Unknown, 0, 0-100, 100-500, 500-1k, 1k-5k or 5k+.
-- column: organization_id | TEXT | Client organization of the user.
-- column: organization_name | TEXT | Name of the organization.
-- column: conversations | BIGINT | Conversations with a visible message.
-- column: messages | BIGINT | Visible messages in them.
-- column: scored_messages | BIGINT | Messages of the user that have a score.
-- column: avg_sentiment | DOUBLE | Mean of the mean scores of the conversations; NULL when nothing is scored.
-- column: avg_sentiment_weighted | DOUBLE | Mean score of the messages; NULL when nothing is scored.
-- column: sentiment_label | TEXT | Label of avg_sentiment: Very Negative, Negative, Neutral, Positive or Very Positive.
-- column: first_seen | TIMESTAMP | When the first visible message was sent.
-- column: last_activity | TIMESTAMP | When the last visible message was sent.
WITH threads AS (
  SELECT
    chatbot_id,
    conversation_id,
    user_id,
    is_guest,
    count(*) AS messages,
    count(score) AS scored_messages,
    sum_score(score) AS score_sum,
    avg_score(score) AS sentiment,
    min(sent_at) AS started_at,
    max(sent_at) AS last_message_at
  FROM message_facts
  WHERE is_visible
  GROUP BY
    chatbot_id,
    conversation_id,
    user_id,
    is_guest
),
activity AS (
  SELECT
    chatbot_id,
    user_id,
    is_guest,
    count(*) AS conversations,
    sum(messages) AS messages,
    sum(scored_messages) AS scored_messages,
    avg_score(sentiment) AS avg_sentiment,
    score_mean(sum(score_sum), sum(scored_messages)) AS avg_sentiment_weighted,
    min(started_at) AS first_seen,
    max(last_message_at) AS last_activity
  FROM threads
  GROUP BY
    chatbot_id,
    user_id,
    is_guest
)
SELECT
  activity.chatbot_id,
  activity.user_id,
  activity.is_guest,
  users.name AS user_name,
  display_name(users.name) AS display_name,
  users.email,
  users.phone,
  users.source_platform,
  users.plan,
  users.industry,
  users.mrr,
  mrr_range(users.mrr) AS mrr_range,
  users.organization_id,
  organizations.name AS organization_name,
  activity.conversations,
  activity.messages,
  activity.scored_messages,
  activity.avg_sentiment,
  activity.avg_sentiment_weighted,
  sentiment_label(activity.avg_sentiment) AS sentiment_label,
  activity.first_seen,
  activity.last_activity
FROM activity
LEFT JOIN users
  ON users.chatbot_id = activity.chatbot_id
  AND users.user_id = activity.user_id
LEFT JOIN organizations
  ON organizations.chatbot_id = activity.chatbot_id
  AND organizations.organization_id = users.organization_id
