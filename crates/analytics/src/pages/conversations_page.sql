-- page: conversations_page
-- doc: One row per conversation with at least one visible message in the window; its values describe the whole conversation up to as_of. Name, e-mail and organization are those of now; plan, industry and MRR are those of the time of the conversation: said in it, else the newest known at its last message. Flags, intents and topics are those found on its visible messages or said of the conversation as a whole.
-- source: domain specification §3.3, §5.3, §5.6, §6, §6.3
-- class: entity
-- option: search | TEXT | NULL | Text to look for in visible messages, in name and e-mail of the user and in the conversation_id; blank finds everything.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: display_name | TEXT | Name of the user to show: Guest User when there is none.
-- column: email | TEXT | E-mail address of the user.
-- column: organization_name | TEXT | Name of the organization said in the conversation.
-- column: message_count | BIGINT | Visible messages.
-- column: avg_sentiment | DOUBLE | Mean score of its messages, -1 to 1; NULL when none is scored.
-- column: sentiment_label | TEXT | Label of avg_sentiment: Very Negative, Negative, Neutral, Positive or Very Positive.
-- column: plan | TEXT | Plan of the user at the time.
-- column: resolution | TEXT | fully_resolved, partially_resolved or unresolved; NULL when it was not assessed.
-- column: last_message_at | TIMESTAMP | Last visible message.
-- column: created_at | TIMESTAMP | First visible message.
-- extra: user_id | TEXT | Who the conversation is with (§1.2).
-- extra: user_name | TEXT | Name of the user; NULL when it was never said.
-- extra: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- extra: industry | TEXT | Industry of the user at the time.
-- extra: user_mrr | DECIMAL(18,2) | Monthly recurring revenue of the user at the time; USD per month.
-- extra: organization_id | TEXT | Organization said in the conversation.
-- extra: org_plan | TEXT | Plan of that organization at the time.
-- extra: org_industry | TEXT | Industry of that organization at the time.
-- extra: org_mrr | DECIMAL(18,2) | Monthly recurring revenue of that organization at the time; USD per month.
-- extra: inbox_id | TEXT | Inbox of the conversation.
-- extra: channel | TEXT | Channel of the conversation.
-- extra: device | TEXT | Device in lower case.
-- extra: country | TEXT | Country, ISO 3166 alpha-2.
-- extra: language | TEXT | Custom field language; NULL when it is missing or empty.
-- extra: user_message_count | BIGINT | Visible messages of the user.
-- extra: behavior_flags | TEXT[] | Flags on the user's behaviour, sorted; NULL when not analysed.
-- extra: quality_flags | TEXT[] | Flags on the quality of answers, sorted; NULL when not analysed.
-- extra: flags | TEXT[] | Flags of both kinds, sorted; NULL when not analysed.
-- extra: intents | TEXT[] | Intents, sorted; NULL when not analysed.
-- extra: topics | TEXT[] | Topics, sorted; NULL when not analysed.
-- extra: custom | JSON | Custom fields.
-- key: conversation_id
-- order: -last_message_at
-- facet: channel = channel
-- facet: country = country
-- facet: device = device
-- facet: flag = flags
-- facet: inbox = inbox_id
-- facet: industry = industry
-- facet: intent = intents
-- facet: language = language
-- facet: org_plan = org_plan
-- facet: plan = plan
-- facet: resolution = resolution
-- facet: topic = topics
-- filter: organization_id = organization_id
-- filter: sentiment_label = sentiment_label
-- filter: user_id = user_id
-- range: avg_sentiment = avg_sentiment
-- range: message_count = message_count
-- range: org_mrr = org_mrr
-- range: user_mrr = user_mrr
-- example: SELECT conversation_id, display_name, message_count, sentiment_label FROM conversations_page('cb_1', 'last_30_days', '{"as_of":"2026-03-12T16:00:00Z","flag":["churn_risk"]}');
WITH active AS (
  SELECT
    $chatbot_id AS chatbot_id,
    conversation_id,
    user_id,
    is_guest,
    organization_id,
    inbox_id,
    channel
  FROM conversation_window
),
facts AS (
  SELECT
    conversation_id,
    sent_at,
    role,
    score,
    behavior_flags,
    quality_flags,
    intent,
    topics
  FROM message_facts
  WHERE is_visible
  UNION ALL
  -- What was found about the conversation as a whole; it counts as no message.
  SELECT
    conversation_id,
    NULL AS sent_at,
    NULL AS role,
    NULL AS score,
    behavior_flags,
    quality_flags,
    intent,
    topics
  FROM annotations
  WHERE message_id IS NULL
),
whole AS (
  SELECT
    conversation_id,
    count(sent_at) AS message_count,
    count(*) FILTER (WHERE role = 'user') AS user_message_count,
    avg_score(score) AS avg_sentiment,
    min(sent_at) AS started_at,
    max(sent_at) AS last_message_at,
    array_agg(behavior_flags) FILTER (WHERE behavior_flags IS NOT NULL) AS behavior_flags,
    array_agg(quality_flags) FILTER (WHERE quality_flags IS NOT NULL) AS quality_flags,
    array_agg(intent) FILTER (WHERE intent IS NOT NULL) AS intents,
    array_agg(topics) FILTER (WHERE topics IS NOT NULL) AS topics
  FROM facts
  GROUP BY conversation_id
),
-- One row per conversation, and the planner sees it: so this join too is left out when nothing of it is asked for.
asof AS (
  SELECT
    conversation_id,
    max(user_plan) AS user_plan,
    max(user_industry) AS user_industry,
    max(user_mrr) AS user_mrr,
    max(org_plan) AS org_plan,
    max(org_industry) AS org_industry,
    max(org_mrr) AS org_mrr
  FROM conversation_asof
  GROUP BY conversation_id
),
found AS (
  SELECT conversation_id
  FROM messages
  WHERE
    btrim($search) <> ''
    AND is_visible
    AND contains_ci(content, btrim($search))
  GROUP BY conversation_id
)
SELECT
  active.conversation_id,
  display_name(known.name) AS display_name,
  known.email,
  organizations.name AS organization_name,
  whole.message_count,
  whole.avg_sentiment,
  sentiment_label(whole.avg_sentiment) AS sentiment_label,
  asof.user_plan AS plan,
  resolutions.resolution,
  whole.last_message_at,
  whole.started_at AS created_at,
  active.user_id,
  known.name AS user_name,
  active.is_guest,
  asof.user_industry AS industry,
  asof.user_mrr,
  active.organization_id,
  asof.org_plan,
  asof.org_industry,
  asof.org_mrr,
  active.inbox_id,
  active.channel,
  snapshot.device,
  snapshot.country,
  nullif(custom_value(snapshot.custom, 'language'), '') AS language,
  whole.user_message_count,
  array_sort(array_distinct(flatten(whole.behavior_flags))) AS behavior_flags,
  array_sort(array_distinct(flatten(whole.quality_flags))) AS quality_flags,
  array_sort(array_distinct(array_concat(flatten(whole.behavior_flags), flatten(whole.quality_flags)))) AS flags,
  array_sort(array_distinct(whole.intents)) AS intents,
  array_sort(array_distinct(flatten(whole.topics))) AS topics,
  snapshot.custom
FROM active
LEFT JOIN whole
  ON whole.conversation_id = active.conversation_id
LEFT JOIN conversation_snapshot AS snapshot
  ON snapshot.chatbot_id = active.chatbot_id
  AND snapshot.conversation_id = active.conversation_id
LEFT JOIN known_users AS known
  ON known.user_id = active.user_id
LEFT JOIN organizations
  ON organizations.chatbot_id = active.chatbot_id
  AND organizations.organization_id = active.organization_id
LEFT JOIN asof
  ON asof.conversation_id = active.conversation_id
LEFT JOIN resolutions
  ON resolutions.chatbot_id = active.chatbot_id
  AND resolutions.conversation_id = active.conversation_id
LEFT JOIN found
  ON found.conversation_id = active.conversation_id
WHERE
  coalesce(btrim($search), '') = ''
  OR found.conversation_id IS NOT NULL
  OR contains_ci(known.name, btrim($search))
  OR contains_ci(known.email, btrim($search))
  OR contains_ci(active.conversation_id, btrim($search))
