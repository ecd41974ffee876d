-- view: customers
-- doc: One row per user who ever wrote or who has an active session. Whether a user is a contact or active is said for the inbox asked for; the first message is that over all inboxes.
-- source: domain specification §7.4
-- column: user_id | TEXT | User inside the chatbot (§1.2).
-- column: first_inbound_at | TIMESTAMP | When the user first wrote, in any inbox; NULL when the user never wrote.
-- column: first_inbox_id | TEXT | Inbox of that message; empty when its conversation has none.
-- column: first_conversation_id | TEXT | Conversation of that message.
-- column: first_message_id | TEXT | That message.
-- column: is_contact | BOOLEAN | Whether the user ever wrote.
-- column: is_active | BOOLEAN | Whether the user has an active session.
WITH appearances AS (
  SELECT
    user_id,
    inbox_id,
    conversation_id,
    first_inbound_at,
    first_inbound_seq,
    first_message_id,
    FALSE AS is_active
  FROM inbound_conversations
  UNION ALL
  SELECT
    user_id,
    inbox_id,
    NULL AS conversation_id,
    NULL AS first_inbound_at,
    NULL AS first_inbound_seq,
    NULL AS first_message_id,
    TRUE AS is_active
  FROM sessions
  WHERE is_active
),
placed AS (
  SELECT
    user_id,
    -- A conversation without an inbox must not give way to a later one that has an inbox.
    coalesce(inbox_id, '') AS inbox_id,
    conversation_id,
    first_inbound_at,
    first_inbound_seq,
    first_message_id,
    is_active,
    $inbox_id IS NULL OR inbox_id IS NOT DISTINCT FROM $inbox_id AS is_in_inbox
  FROM appearances
)
SELECT
  user_id,
  min(first_inbound_at) AS first_inbound_at,
  first_value_by(inbox_id, first_inbound_at, first_inbound_seq) AS first_inbox_id,
  first_value_by(conversation_id, first_inbound_at, first_inbound_seq) AS first_conversation_id,
  first_value_by(first_message_id, first_inbound_at, first_inbound_seq) AS first_message_id,
  bool_or(is_in_inbox AND NOT is_active) AS is_contact,
  bool_or(is_in_inbox AND is_active) AS is_active
FROM placed
GROUP BY user_id
