-- view: organizations
-- doc: Client organizations with a visible message at any time, with their current profile and what became of their conversations: the organizations of the page organizations_page over all_time. One row per organization; a conversation belongs to the organization said in it. Conversations, messages and scored_messages may be added up over organizations, users and averages may not.
-- source: domain specification §5.6, §6.2
-- key: chatbot_id, organization_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: organization_id | TEXT | Organization inside the chatbot.
-- column: organization_name | TEXT | Name of the organization, else its id.
-- column: plan | TEXT | Plan of the organization.
-- column: industry | TEXT | Industry of the organization.
-- column: mrr | DECIMAL(18,2) | The organization's own monthly recurring revenue, never the sum of its users; USD per month.
-- column: mrr_range | TEXT | Its class: Unknown, 0, 0-100, 100-500, 500-1k, 1k-5k or 5k+.
-- column: users | BIGINT | Users in its conversations, guests too.
-- column: conversations | BIGINT | Conversations with a visible message.
-- column: messages | BIGINT | Visible messages in them.
-- column: scored_messages | BIGINT | Messages of users that have a score.
-- column: avg_sentiment | DOUBLE | Mean of the mean scores of the conversations; NULL when nothing is scored.
-- column: avg_sentiment_weighted | DOUBLE | Mean score of the messages; NULL when nothing is scored.
-- column: sentiment_label | TEXT | Label of avg_sentiment: Very Negative, Negative, Neutral, Positive or Very Positive.
-- column: first_seen | TIMESTAMP | When the first visible message was sent.
-- column: last_activity | TIMESTAMP | When the last visible message was sent.
WITH threads AS (
  SELECT
    chatbot_id,
    conversation_id,
    organization_id,
    user_id,
    count(*) AS messages,
    count(score) AS scored_messages,
    sum_score(score) AS score_sum,
    avg_score(score) AS sentiment,
    min(sent_at) AS started_at,
    max(sent_at) AS last_message_at
  FROM message_facts
  WHERE
    is_visible
    AND organization_id IS NOT NULL
  GROUP BY
    chatbot_id,
    conversation_id,
    organization_id,
    user_id
),
activity AS (
  SELECT
    chatbot_id,
    organization_id,
    count(DISTINCT user_id) AS users,
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
    organization_id
)
SELECT
  activity.chatbot_id,
  activity.organization_id,
  coalesce(organizations.name, activity.organization_id) AS organization_name,
  organizations.plan,
  organizations.industry,
  organizations.mrr,
  mrr_range(organizations.mrr) AS mrr_range,
  activity.users,
  activity.conversations,
  activity.messages,
  activity.scored_messages,
  activity.avg_sentiment,
  activity.avg_sentiment_weighted,
  sentiment_label(activity.avg_sentiment) AS sentiment_label,
  activity.first_seen,
  activity.last_activity
FROM activity
LEFT JOIN organizations
  ON organizations.chatbot_id = activity.chatbot_id
  AND organizations.organization_id = activity.organization_id
