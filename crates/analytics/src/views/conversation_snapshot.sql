-- view: conversation_snapshot
-- doc: What was said about a conversation that has metadata: of each column the newest value that was said. A building block of conversations, users and message_facts.
-- source: domain specification §1.2, §3.2, §3.3
-- key: chatbot_id, conversation_id
-- reference: conversations | chatbot_id, conversation_id
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
    latest(user_id, version_at, ingest_seq) AS user_id,
    latest(organization_id, version_at, ingest_seq) AS organization_id,
    latest(inbox_id, version_at, ingest_seq) AS inbox_id,
    latest(channel, version_at, ingest_seq) AS channel,
    latest(user_plan, version_at, ingest_seq) AS user_plan,
    latest(user_industry, version_at, ingest_seq) AS user_industry,
    latest(user_mrr, version_at, ingest_seq) AS user_mrr,
    latest(org_plan, version_at, ingest_seq) AS org_plan,
    latest(org_industry, version_at, ingest_seq) AS org_industry,
    latest(org_mrr, version_at, ingest_seq) AS org_mrr,
    latest(session_id, version_at, ingest_seq) AS session_id,
    latest(page_url, version_at, ingest_seq) AS page_url,
    latest(referrer, version_at, ingest_seq) AS referrer,
    latest(device, version_at, ingest_seq) AS device,
    latest(country, version_at, ingest_seq) AS country,
    latest(custom, version_at, ingest_seq) AS custom
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
