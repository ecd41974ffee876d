-- page: conversation_sidebar
-- doc: What stands beside a conversation: one row about it, its user and its organization. Names and addresses are those of now; plans, industries and MRR are those of the time of the conversation: said in it, else the newest known at its last visible message.
-- source: domain specification §3.3, §5.1, §6.3
-- class: entity
-- period: none
-- argument: conversation_id | TEXT | The conversation.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: name | TEXT | Name of the user; NULL when it was never said.
-- column: organization_id | TEXT | Client organization said in the conversation.
-- column: user_plan | TEXT | Plan of the user at the time.
-- column: user_mrr | DECIMAL(18,2) | Monthly recurring revenue of the user at the time; USD per month.
-- column: org_plan | TEXT | Plan of the organization at the time.
-- column: session_id | TEXT | Id of the browser or app session.
-- column: page_url | TEXT | Page where the conversation takes place.
-- column: referrer | TEXT | Referrer of that page.
-- column: device | TEXT | Device in lower case.
-- column: country | TEXT | Country, ISO 3166 alpha-2.
-- column: started_at | TIMESTAMP | First visible message.
-- column: last_message_at | TIMESTAMP | Last visible message.
-- column: resolution | TEXT | fully_resolved, partially_resolved or unresolved; NULL when it was not assessed.
-- column: display_name | TEXT | Name of the user to show: Guest User when there is none.
-- column: email | TEXT | E-mail address of the user.
-- column: phone | TEXT | Phone number of the user.
-- column: profile_picture | TEXT | URL of the user's picture.
-- column: organization_name | TEXT | Name of the organization.
-- column: channel | TEXT | Channel of the conversation.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: message_count | BIGINT | Visible messages.
-- column: avg_sentiment | DOUBLE | Mean score of its messages, -1 to 1; NULL when none is scored.
-- column: sentiment_label | TEXT | Label of avg_sentiment.
-- column: custom | JSON | Custom fields.
-- extra: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- extra: user_industry | TEXT | Industry of the user at the time.
-- extra: org_industry | TEXT | Industry of the organization at the time.
-- extra: org_mrr | DECIMAL(18,2) | Monthly recurring revenue of the organization at the time; USD per month.
-- extra: inbox_name | TEXT | Name of the inbox.
-- extra: user_message_count | BIGINT | Visible messages of the user.
-- example: SELECT display_name, user_plan, page_url, device, country, resolution FROM conversation_sidebar('cb_1', 'c2', '{"as_of":"2026-03-12T16:00:00Z"}');
WITH thread AS (
  SELECT
    conversation_id,
    user_id,
    is_guest,
    organization_id,
    inbox_id,
    channel,
    user_plan,
    user_industry,
    user_mrr,
    org_plan,
    org_industry,
    org_mrr,
    session_id,
    page_url,
    referrer,
    device,
    country,
    custom,
    started_at,
    last_message_at,
    message_count,
    user_message_count
  FROM conversations
  WHERE conversation_id = $conversation_id
),
-- The relation conversation_asof says the same of all conversations; here one is asked for.
user_profile AS (
  SELECT
    thread.conversation_id,
    latest(told.name, told.version_at, told.ingest_seq) AS name,
    latest(told.email, told.version_at, told.ingest_seq) AS email,
    latest(told.phone, told.version_at, told.ingest_seq) AS phone,
    latest(told.profile_picture, told.version_at, told.ingest_seq) AS profile_picture,
    latest(told.plan, told.version_at, told.ingest_seq)
      FILTER (WHERE told.version_at <= thread.last_message_at) AS plan_then,
    latest(told.industry, told.version_at, told.ingest_seq)
      FILTER (WHERE told.version_at <= thread.last_message_at) AS industry_then,
    latest(told.mrr, told.version_at, told.ingest_seq)
      FILTER (WHERE told.version_at <= thread.last_message_at) AS mrr_then
  FROM thread
  JOIN user_versions AS told
    ON told.user_id = thread.user_id
  GROUP BY thread.conversation_id
),
org_profile AS (
  SELECT
    thread.conversation_id,
    latest(told.name, told.version_at, told.ingest_seq) AS name,
    latest(told.plan, told.version_at, told.ingest_seq)
      FILTER (WHERE told.version_at <= thread.last_message_at) AS plan_then,
    latest(told.industry, told.version_at, told.ingest_seq)
      FILTER (WHERE told.version_at <= thread.last_message_at) AS industry_then,
    latest(told.mrr, told.version_at, told.ingest_seq)
      FILTER (WHERE told.version_at <= thread.last_message_at) AS mrr_then
  FROM thread
  JOIN organization_versions AS told
    ON told.organization_id = thread.organization_id
  GROUP BY thread.conversation_id
),
scored AS (
  SELECT
    conversation_id,
    avg_score(score) AS avg_sentiment
  FROM message_facts
  WHERE
    is_visible
    AND conversation_id = $conversation_id
  GROUP BY conversation_id
)
SELECT
  thread.conversation_id,
  thread.user_id,
  user_profile.name,
  thread.organization_id,
  coalesce(thread.user_plan, user_profile.plan_then) AS user_plan,
  coalesce(thread.user_mrr, user_profile.mrr_then) AS user_mrr,
  coalesce(thread.org_plan, org_profile.plan_then) AS org_plan,
  thread.session_id,
  thread.page_url,
  thread.referrer,
  thread.device,
  thread.country,
  thread.started_at,
  thread.last_message_at,
  resolutions.resolution,
  display_name(user_profile.name) AS display_name,
  user_profile.email,
  user_profile.phone,
  user_profile.profile_picture,
  org_profile.name AS organization_name,
  thread.channel,
  thread.inbox_id,
  thread.message_count,
  scored.avg_sentiment,
  sentiment_label(scored.avg_sentiment) AS sentiment_label,
  thread.custom,
  thread.is_guest,
  coalesce(thread.user_industry, user_profile.industry_then) AS user_industry,
  coalesce(thread.org_industry, org_profile.industry_then) AS org_industry,
  coalesce(thread.org_mrr, org_profile.mrr_then) AS org_mrr,
  inboxes.name AS inbox_name,
  thread.user_message_count
FROM thread
LEFT JOIN user_profile
  ON user_profile.conversation_id = thread.conversation_id
LEFT JOIN org_profile
  ON org_profile.conversation_id = thread.conversation_id
LEFT JOIN resolutions
  ON resolutions.conversation_id = thread.conversation_id
LEFT JOIN scored
  ON scored.conversation_id = thread.conversation_id
LEFT JOIN inboxes
  ON inboxes.inbox_id = thread.inbox_id
