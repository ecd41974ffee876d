-- view: conversations
-- doc: One row per conversation seen in metadata, messages or events, with its user, its snapshot and its activity.
-- source: domain specification §5.1
-- key: chatbot_id, conversation_id
-- reference: chatbots | chatbot_id
-- reference: users | chatbot_id, user_id
-- reference: organizations | chatbot_id, organization_id
-- reference: inboxes | chatbot_id, inbox_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: user_id | TEXT | Who the conversation is with: the newest user named in it, else the guest anon:<conversation_id> (§1.2).
-- column: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- column: organization_id | TEXT | Client organization said in the conversation; never inherited from the user (♦3).
-- column: inbox_id | TEXT | Inbox (connected channel) of the conversation.
-- column: channel | TEXT | Channel as said, else of the inbox, else web.
-- column: user_plan | TEXT | Plan of the user, said in the conversation.
-- column: user_industry | TEXT | Industry of the user, said in the conversation.
-- column: user_mrr | DECIMAL(18,2) | Monthly recurring revenue of the user, said in the conversation; USD per month.
-- column: org_plan | TEXT | Plan of the organization, said in the conversation.
-- column: org_industry | TEXT | Industry of the organization, said in the conversation.
-- column: org_mrr | DECIMAL(18,2) | Monthly recurring revenue of the organization, said in the conversation; USD per month.
-- column: session_id | TEXT | Id of the browser or app session.
-- column: page_url | TEXT | Page where the conversation takes place.
-- column: referrer | TEXT | Referrer of that page.
-- column: device | TEXT | Device in lower case: desktop, mobile, tablet, ….
-- column: country | TEXT | Country, ISO 3166 alpha-2 in upper case.
-- column: custom | JSON | Custom fields.
-- column: started_at | TIMESTAMP | When the first visible message was sent; NULL without any.
-- column: last_message_at | TIMESTAMP | When the last visible message was sent; NULL without any.
-- column: message_count | BIGINT | Visible messages.
-- column: user_message_count | BIGINT | Visible messages of the user.
WITH seen AS (
  SELECT
    chatbot_id,
    conversation_id,
    CASE WHEN is_visible THEN sent_at END AS visible_at,
    is_visible AND role = 'user' AS is_of_user
  FROM messages
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    NULL AS visible_at,
    FALSE AS is_of_user
  FROM conversation_events
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    NULL AS visible_at,
    FALSE AS is_of_user
  FROM stored.conversation_meta
  WHERE version_at <= $as_of
),
activity AS (
  SELECT
    chatbot_id,
    conversation_id,
    min(visible_at) AS started_at,
    max(visible_at) AS last_message_at,
    count(visible_at) AS message_count,
    count(*) FILTER (WHERE is_of_user) AS user_message_count
  FROM seen
  GROUP BY
    chatbot_id,
    conversation_id
)
SELECT
  activity.chatbot_id,
  activity.conversation_id,
  coalesce(snapshot.user_id, 'anon:' || activity.conversation_id) AS user_id,
  coalesce(snapshot.is_guest, TRUE) AS is_guest,
  snapshot.organization_id,
  snapshot.inbox_id,
  coalesce(snapshot.channel, 'web') AS channel,
  snapshot.user_plan,
  snapshot.user_industry,
  snapshot.user_mrr,
  snapshot.org_plan,
  snapshot.org_industry,
  snapshot.org_mrr,
  snapshot.session_id,
  snapshot.page_url,
  snapshot.referrer,
  snapshot.device,
  snapshot.country,
  snapshot.custom,
  activity.started_at,
  activity.last_message_at,
  activity.message_count,
  activity.user_message_count
FROM activity
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.chatbot_id = activity.chatbot_id
  AND snapshot.conversation_id = activity.conversation_id
