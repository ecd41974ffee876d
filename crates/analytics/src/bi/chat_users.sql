-- view: chat_users
-- doc: Every user that has a profile or a message, with the last contact: the rows of the page chat_users_page without the text of the last message, so that no content is read. One row per user; sessions may be added up over users.
-- source: domain specification §5.4, §6.4
-- key: chatbot_id, user_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: user_id | TEXT | User inside the chatbot (§1.2).
-- column: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- column: user_name | TEXT | Name of the user, else Guest User.
-- column: email | TEXT | E-mail address of the user.
-- column: phone | TEXT | Phone number of the user.
-- column: platform_id | TEXT | Id of the user on the source platform.
-- column: profile_picture | TEXT | URL of the user's picture.
-- column: source_platform | TEXT | Platform that the user comes from, else the channel of the last inbound message.
-- column: created_at | TIMESTAMP | When the profile was created in the customer's product, else the first visible message, else the first metadata.
-- column: last_interaction | TIMESTAMP | When the user last wrote; NULL when never.
-- column: sessions | BIGINT | Sessions of the user's conversations.
-- column: is_returning | BOOLEAN | Whether there are two sessions or more.
-- column: inactive_days | BIGINT | Local days from the last interaction to today (or as_of); NULL when the user never wrote.
WITH contacts AS (
  SELECT
    messages.chatbot_id,
    coalesce(snapshot.user_id, 'anon:' || messages.conversation_id) AS user_id,
    min(messages.sent_at) FILTER (WHERE messages.is_visible) AS first_seen,
    max(messages.sent_at) FILTER (WHERE messages.direction = 'inbound') AS last_interaction,
    latest(
      CASE WHEN messages.direction = 'inbound' THEN coalesce(snapshot.channel, 'web') END,
      messages.sent_at,
      messages.ingest_seq
    ) AS last_channel
  -- The smaller side of a join stands first: it is the one that is kept in memory.
  FROM conversation_snapshot AS snapshot
  RIGHT JOIN messages
    ON messages.chatbot_id = snapshot.chatbot_id
    AND messages.conversation_id = snapshot.conversation_id
  GROUP BY
    messages.chatbot_id,
    coalesce(snapshot.user_id, 'anon:' || messages.conversation_id)
),
session_counts AS (
  SELECT
    spans.chatbot_id,
    coalesce(snapshot.user_id, 'anon:' || spans.conversation_id) AS user_id,
    count(*) AS sessions
  FROM conversation_snapshot AS snapshot
  RIGHT JOIN session_spans AS spans
    ON spans.chatbot_id = snapshot.chatbot_id
    AND spans.conversation_id = snapshot.conversation_id
  GROUP BY
    spans.chatbot_id,
    coalesce(snapshot.user_id, 'anon:' || spans.conversation_id)
),
first_versions AS (
  SELECT
    chatbot_id,
    user_id,
    min(version_at) AS version_at
  FROM user_versions
  GROUP BY
    chatbot_id,
    user_id
)
SELECT
  users.chatbot_id,
  users.user_id,
  users.is_guest,
  display_name(users.name) AS user_name,
  users.email,
  users.phone,
  users.platform_id,
  users.profile_picture,
  coalesce(users.source_platform, contacts.last_channel) AS source_platform,
  coalesce(users.profile_created_at, contacts.first_seen, first_versions.version_at) AS created_at,
  contacts.last_interaction,
  coalesce(session_counts.sessions, 0) AS sessions,
  coalesce(session_counts.sessions, 0) >= 2 AS is_returning,
  local_day($now, coalesce(chatbots.timezone, 'UTC'))
    - local_day(contacts.last_interaction, coalesce(chatbots.timezone, 'UTC')) AS inactive_days
FROM users
LEFT JOIN contacts
  ON contacts.chatbot_id = users.chatbot_id
  AND contacts.user_id = users.user_id
LEFT JOIN session_counts
  ON session_counts.chatbot_id = users.chatbot_id
  AND session_counts.user_id = users.user_id
LEFT JOIN first_versions
  ON first_versions.chatbot_id = users.chatbot_id
  AND first_versions.user_id = users.user_id
LEFT JOIN bi.chatbots AS chatbots
  ON chatbots.chatbot_id = users.chatbot_id
