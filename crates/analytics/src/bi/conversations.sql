-- view: conversations
-- doc: Conversations with a visible message at any time, with their user, organization and analysis: the conversations of the page conversations_page over all_time. One row per conversation, of which every value describes the whole conversation; messages, user_messages and scored_messages may be added up, averages may not.
-- source: domain specification §3.3, §5.1, §5.6, §6.3
-- key: chatbot_id, conversation_id
-- reference: chatbots | chatbot_id
-- reference: users | chatbot_id, user_id
-- reference: organizations | chatbot_id, organization_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: started_at | TIMESTAMP | When the first visible message was sent.
-- column: started_day | DATE | Its day in the time zone of the account.
-- column: last_message_at | TIMESTAMP | When the last visible message was sent.
-- column: inbox_id | TEXT | Inbox (connected channel) of the conversation.
-- column: inbox_name | TEXT | Name of the inbox.
-- column: channel | TEXT | Channel as said, else of the inbox, else web.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- column: display_name | TEXT | Current name of the user, else Guest User.
-- column: email | TEXT | Current e-mail address of the user.
-- column: user_plan | TEXT | Plan of the user at the last message.
-- column: user_industry | TEXT | Industry of the user at the last message.
-- column: user_mrr | DECIMAL(18,2) | Monthly recurring revenue of the user at the last message; USD per month.
-- column: organization_id | TEXT | Client organization said in the conversation.
-- column: organization_name | TEXT | Current name of the organization.
-- column: organization_plan | TEXT | Plan of the organization at the last message.
-- column: organization_industry | TEXT | Industry of the organization at the last message.
-- column: organization_mrr | DECIMAL(18,2) | Monthly recurring revenue of the organization at the last message; USD per month.
-- column: session_id | TEXT | Id of the browser or app session.
-- column: page_url | TEXT | Page where the conversation takes place.
-- column: referrer | TEXT | Referrer of that page.
-- column: device | TEXT | Device in lower case: desktop, mobile, tablet, ….
-- column: country | TEXT | Country, ISO 3166 alpha-2 in upper case.
-- column: messages | BIGINT | Visible messages.
-- column: user_messages | BIGINT | Visible messages of the user.
-- column: scored_messages | BIGINT | Messages of the user that have a score.
-- column: avg_sentiment | DOUBLE | Mean of their scores; NULL when nothing is scored.
-- column: sentiment_label | TEXT | Its label: Very Negative, Negative, Neutral, Positive or Very Positive.
-- column: sentiment_band | TEXT | Its band: Dissatisfied, Neutral or Satisfied.
-- column: resolution | TEXT | fully_resolved, partially_resolved or unresolved; NULL when not assessed.
-- column: has_churn_risk | BOOLEAN | Whether a message has the flag churn_risk.
-- column: has_frustrated_user | BOOLEAN | Whether a message has the flag frustrated_user.
-- column: has_buying_signal | BOOLEAN | Whether a message has the flag buying_signal.
WITH activity AS (
  SELECT
    chatbot_id,
    conversation_id,
    user_id,
    is_guest,
    organization_id,
    inbox_id,
    channel,
    min(sent_at) AS started_at,
    max(sent_at) AS last_message_at,
    count(*) AS messages,
    count(*) FILTER (WHERE role = 'user') AS user_messages,
    count(score) AS scored_messages,
    avg_score(score) AS avg_sentiment,
    bool_or(array_has(behavior_flags, 'churn_risk')) AS has_churn_risk,
    bool_or(array_has(behavior_flags, 'frustrated_user')) AS has_frustrated_user,
    bool_or(array_has(behavior_flags, 'buying_signal')) AS has_buying_signal
  FROM message_facts
  WHERE is_visible
  GROUP BY
    chatbot_id,
    conversation_id,
    user_id,
    is_guest,
    organization_id,
    inbox_id,
    channel
)
SELECT
  activity.chatbot_id,
  activity.conversation_id,
  activity.started_at,
  local_day(activity.started_at, coalesce(chatbots.timezone, 'UTC')) AS started_day,
  activity.last_message_at,
  activity.inbox_id,
  inboxes.name AS inbox_name,
  activity.channel,
  activity.user_id,
  activity.is_guest,
  display_name(users.name) AS display_name,
  users.email,
  known.user_plan,
  known.user_industry,
  known.user_mrr,
  activity.organization_id,
  organizations.name AS organization_name,
  known.org_plan AS organization_plan,
  known.org_industry AS organization_industry,
  known.org_mrr AS organization_mrr,
  snapshot.session_id,
  snapshot.page_url,
  snapshot.referrer,
  snapshot.device,
  snapshot.country,
  activity.messages,
  activity.user_messages,
  activity.scored_messages,
  activity.avg_sentiment,
  sentiment_label(activity.avg_sentiment) AS sentiment_label,
  sentiment_band(activity.avg_sentiment) AS sentiment_band,
  resolutions.resolution,
  coalesce(activity.has_churn_risk, FALSE) AS has_churn_risk,
  coalesce(activity.has_frustrated_user, FALSE) AS has_frustrated_user,
  coalesce(activity.has_buying_signal, FALSE) AS has_buying_signal
FROM activity
LEFT JOIN bi.chatbots AS chatbots
  ON chatbots.chatbot_id = activity.chatbot_id
LEFT JOIN inboxes
  ON inboxes.chatbot_id = activity.chatbot_id
  AND inboxes.inbox_id = activity.inbox_id
LEFT JOIN users
  ON users.chatbot_id = activity.chatbot_id
  AND users.user_id = activity.user_id
LEFT JOIN conversation_asof AS known
  ON known.chatbot_id = activity.chatbot_id
  AND known.conversation_id = activity.conversation_id
LEFT JOIN organizations
  ON organizations.chatbot_id = activity.chatbot_id
  AND organizations.organization_id = activity.organization_id
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.chatbot_id = activity.chatbot_id
  AND snapshot.conversation_id = activity.conversation_id
LEFT JOIN resolutions
  ON resolutions.chatbot_id = activity.chatbot_id
  AND resolutions.conversation_id = activity.conversation_id
