-- view: conversation_snapshot
-- doc: What was said about a conversation that has metadata: of each column the newest value that was said. A building block of conversations, users and message_facts.
-- source: domain specification §1.2, §3.2, §3.3
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
WITH newest AS (
  SELECT
    chatbot_id,
    conversation_id,
    last_value(user_id ORDER BY version_at, ingest_seq) FILTER (WHERE user_id IS NOT NULL) AS user_id,
    last_value(organization_id ORDER BY version_at, ingest_seq) FILTER (WHERE organization_id IS NOT NULL) AS organization_id,
    last_value(inbox_id ORDER BY version_at, ingest_seq) FILTER (WHERE inbox_id IS NOT NULL) AS inbox_id,
    last_value(channel ORDER BY version_at, ingest_seq) FILTER (WHERE channel IS NOT NULL) AS channel,
    last_value(user_plan ORDER BY version_at, ingest_seq) FILTER (WHERE user_plan IS NOT NULL) AS user_plan,
    last_value(user_industry ORDER BY version_at, ingest_seq) FILTER (WHERE user_industry IS NOT NULL) AS user_industry,
    last_value(user_mrr ORDER BY version_at, ingest_seq) FILTER (WHERE user_mrr IS NOT NULL) AS user_mrr,
    last_value(org_plan ORDER BY version_at, ingest_seq) FILTER (WHERE org_plan IS NOT NULL) AS org_plan,
    last_value(org_industry ORDER BY version_at, ingest_seq) FILTER (WHERE org_industry IS NOT NULL) AS org_industry,
    last_value(org_mrr ORDER BY version_at, ingest_seq) FILTER (WHERE org_mrr IS NOT NULL) AS org_mrr,
    last_value(session_id ORDER BY version_at, ingest_seq) FILTER (WHERE session_id IS NOT NULL) AS session_id,
    last_value(page_url ORDER BY version_at, ingest_seq) FILTER (WHERE page_url IS NOT NULL) AS page_url,
    last_value(referrer ORDER BY version_at, ingest_seq) FILTER (WHERE referrer IS NOT NULL) AS referrer,
    last_value(device ORDER BY version_at, ingest_seq) FILTER (WHERE device IS NOT NULL) AS device,
    last_value(country ORDER BY version_at, ingest_seq) FILTER (WHERE country IS NOT NULL) AS country,
    last_value(custom ORDER BY version_at, ingest_seq) FILTER (WHERE custom IS NOT NULL) AS custom
  FROM stored.conversation_meta
  WHERE version_at <= $as_of
  GROUP BY
    chatbot_id,
    conversation_id
)
SELECT
  newest.chatbot_id,
  newest.conversation_id,
  coalesce(newest.user_id, 'anon:' || newest.conversation_id) AS user_id,
  starts_with(coalesce(newest.user_id, 'anon:'), 'anon:') AS is_guest,
  newest.organization_id,
  newest.inbox_id,
  coalesce(newest.channel, inboxes.channel, 'web') AS channel,
  newest.user_plan,
  newest.user_industry,
  newest.user_mrr,
  newest.org_plan,
  newest.org_industry,
  newest.org_mrr,
  newest.session_id,
  newest.page_url,
  newest.referrer,
  newest.device,
  newest.country,
  newest.custom
FROM newest
LEFT JOIN inboxes
  ON inboxes.chatbot_id = newest.chatbot_id
  AND inboxes.inbox_id = newest.inbox_id
