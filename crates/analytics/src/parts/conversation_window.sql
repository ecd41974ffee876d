-- view: conversation_window
-- doc: Conversations that are active in the window: those with a visible message in it. The values use the messages of the window only.
-- source: domain specification §5.3, §5.6
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: is_guest | BOOLEAN | Whether that is an unidentified guest.
-- column: organization_id | TEXT | Client organization said in the conversation.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: channel | TEXT | Channel of the conversation.
-- column: messages | BIGINT | Visible messages.
-- column: user_messages | BIGINT | Visible messages of the user.
-- column: sentiment | DOUBLE | Mean score of its scored messages; NULL when nothing is scored.
-- column: score_sum | DECIMAL(38,0) | Sum of the scores in units of 2^-60.
-- column: score_n | BIGINT | Scored messages.
-- column: last_at | TIMESTAMP | Last visible message.
-- column: has_churn_risk | BOOLEAN | Whether a message is flagged churn_risk.
-- column: has_frustrated_user | BOOLEAN | Whether a message is flagged frustrated_user.
-- column: has_buying_signal | BOOLEAN | Whether a message is flagged buying_signal.
SELECT
  conversation_id,
  user_id,
  is_guest,
  organization_id,
  inbox_id,
  channel,
  count(*) AS messages,
  count(*) FILTER (WHERE role = 'user') AS user_messages,
  avg_score(score) AS sentiment,
  sum_score(score) AS score_sum,
  count(score) AS score_n,
  max(sent_at) AS last_at,
  coalesce(bool_or(array_has(behavior_flags, 'churn_risk')), FALSE) AS has_churn_risk,
  coalesce(bool_or(array_has(behavior_flags, 'frustrated_user')), FALSE) AS has_frustrated_user,
  coalesce(bool_or(array_has(behavior_flags, 'buying_signal')), FALSE) AS has_buying_signal
FROM window_facts
GROUP BY
  conversation_id,
  user_id,
  is_guest,
  organization_id,
  inbox_id,
  channel
