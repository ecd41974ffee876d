-- page: chat_users_page
-- doc: One row per profile, also of users who never wrote; a guest of a conversation with visible messages has one too. The period changes nothing: everything is as of as_of. With inbox_id: users with a conversation in that inbox, and messages and sessions of that inbox only.
-- source: domain specification §5.4, §6, §6.4
-- class: entity
-- column: user_name | TEXT | Name to show: Guest User when there is none.
-- column: email | TEXT | E-mail address.
-- column: phone | TEXT | Phone number.
-- column: platform_id | TEXT | Id of the user on the source platform.
-- column: profile_picture | TEXT | URL of the user's picture.
-- column: source_platform | TEXT | Platform of platform_id as said, else the channel of the newest message of the user.
-- column: last_received_message | TEXT | Text of the newest message of the user.
-- column: user_id | TEXT | User inside the chatbot (§1.2).
-- column: created_at | TIMESTAMP | When the profile was created in the customer's product, else the first visible message, else the first version of the profile.
-- column: last_interaction | TIMESTAMP | Newest message of the user; NULL when there is none.
-- column: sessions | BIGINT | Sessions of all conversations of the user (§5.4).
-- column: is_returning | BOOLEAN | Whether there are two sessions or more.
-- column: inactive_days | BIGINT | Local days since last_interaction; 0 is today, NULL is never.
-- extra: name | TEXT | Name; NULL when it was never said.
-- extra: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- key: user_id
-- order: -last_interaction
-- search: name, user_id, platform_id, email, phone
-- facet: source_platform = source_platform
-- filter: user_id = user_id
-- range: inactive_days = inactive_days
-- range: sessions = sessions
-- example: SELECT user_name, last_received_message, sessions, inactive_days FROM chat_users_page('cb_1', 'all_time', '{"as_of":"2026-03-12T16:00:00Z"}');
WITH traces AS (
  SELECT
    chatbot_id,
    conversation_id,
    min(sent_at) FILTER (WHERE is_visible) AS started_at,
    max(sent_at) FILTER (WHERE direction = 'inbound') AS inbound_at,
    latest(ingest_seq, sent_at, ingest_seq) FILTER (WHERE direction = 'inbound') AS inbound_seq,
    latest(content, sent_at, ingest_seq) FILTER (WHERE direction = 'inbound') AS inbound_content,
    0 AS sessions
  FROM messages
  GROUP BY
    chatbot_id,
    conversation_id
  UNION ALL
  SELECT
    chatbot_id,
    conversation_id,
    NULL AS started_at,
    NULL AS inbound_at,
    NULL AS inbound_seq,
    NULL AS inbound_content,
    count(*) AS sessions
  FROM session_spans
  GROUP BY
    chatbot_id,
    conversation_id
  UNION ALL
  -- A conversation of metadata alone puts its user into its inbox too.
  SELECT
    chatbot_id,
    conversation_id,
    NULL AS started_at,
    NULL AS inbound_at,
    NULL AS inbound_seq,
    NULL AS inbound_content,
    0 AS sessions
  FROM conversation_snapshot
  WHERE inbox_id = $inbox_id
),
attributed AS (
  SELECT
    coalesce(snapshot.user_id, 'anon:' || traces.conversation_id) AS user_id,
    coalesce(snapshot.channel, 'web') AS channel,
    $inbox_id IS NULL OR snapshot.inbox_id = $inbox_id AS is_of_inbox,
    traces.started_at,
    traces.inbound_at,
    traces.inbound_seq,
    traces.inbound_content,
    traces.sessions
  FROM traces
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.chatbot_id = traces.chatbot_id
    AND snapshot.conversation_id = traces.conversation_id
),
activity AS (
  SELECT
    user_id,
    min(started_at) AS first_seen,
    max(inbound_at) FILTER (WHERE is_of_inbox) AS last_interaction,
    latest(inbound_content, inbound_at, inbound_seq) FILTER (WHERE is_of_inbox) AS last_received_message,
    latest(channel, inbound_at, inbound_seq) FILTER (WHERE is_of_inbox) AS last_channel,
    sum(sessions) FILTER (WHERE is_of_inbox) AS sessions,
    bool_or(is_of_inbox) AS is_of_inbox
  FROM attributed
  GROUP BY user_id
),
profiles AS (
  SELECT
    coalesce(known.user_id, activity.user_id) AS user_id,
    known.name,
    known.email,
    known.phone,
    known.platform_id,
    known.profile_picture,
    coalesce(known.source_platform, activity.last_channel) AS source_platform,
    coalesce(known.profile_created_at, activity.first_seen, known.first_version_at) AS created_at,
    activity.last_received_message,
    activity.last_interaction,
    coalesce(activity.sessions, 0) AS sessions
  FROM known_users AS known
  FULL JOIN activity
    ON activity.user_id = known.user_id
  WHERE
    ($inbox_id IS NULL OR activity.is_of_inbox)
    -- Without metadata only a visible message makes a guest.
    AND (known.user_id IS NOT NULL OR activity.first_seen IS NOT NULL)
)
SELECT
  display_name(name) AS user_name,
  email,
  phone,
  platform_id,
  profile_picture,
  source_platform,
  last_received_message,
  user_id,
  created_at,
  last_interaction,
  sessions,
  sessions >= 2 AS is_returning,
  CAST($today AS BIGINT) - CAST(local_day(last_interaction, $timezone) AS BIGINT) AS inactive_days,
  name,
  starts_with(user_id, 'anon:') AS is_guest
FROM profiles
