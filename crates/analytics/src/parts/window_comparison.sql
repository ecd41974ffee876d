-- view: window_comparison
-- doc: One row per conversation with a visible message in the window or in the previous period, both measured in one pass over the messages: as conversation_window for the window, and in previous_… for the previous period. Where it has no message in one of them, that one's counts are 0 and the rest NULL.
-- source: domain specification §4, §5.3, §5.6
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: is_guest | BOOLEAN | Whether the user is unknown.
-- column: organization_id | TEXT | Client organization said in the conversation.
-- column: inbox_id | TEXT | Inbox of the conversation.
-- column: channel | TEXT | Channel of the conversation.
-- column: messages | BIGINT | Visible messages in the window.
-- column: user_messages | BIGINT | Of these, messages of the user.
-- column: sentiment | DOUBLE | Mean score of the user's messages in the window; NULL when none is scored.
-- column: score_sum | DECIMAL(38,0) | Sum of these scores, in units of 2^-60 (see sum_score).
-- column: score_n | BIGINT | Scored messages in the window.
-- column: last_at | TIMESTAMP | When the last visible message in the window was sent.
-- column: has_churn_risk | BOOLEAN | Whether a message in the window has the flag churn_risk.
-- column: has_frustrated_user | BOOLEAN | Whether a message in the window has the flag frustrated_user.
-- column: has_buying_signal | BOOLEAN | Whether a message in the window has the flag buying_signal.
-- column: previous_messages | BIGINT | Visible messages in the previous period.
-- column: previous_user_messages | BIGINT | Of these, messages of the user.
-- column: previous_sentiment | DOUBLE | Mean score of the user's messages in the previous period; NULL when none is scored.
-- column: previous_score_sum | DECIMAL(38,0) | Sum of these scores, in units of 2^-60.
-- column: previous_score_n | BIGINT | Scored messages in the previous period.
-- column: previous_last_at | TIMESTAMP | When the last visible message in the previous period was sent.
SELECT
  conversation_id,
  user_id,
  is_guest,
  organization_id,
  inbox_id,
  channel,
  count(*) FILTER (WHERE sent_at >= $win_from) AS messages,
  count(*) FILTER (WHERE sent_at >= $win_from AND role = 'user') AS user_messages,
  avg_score(score) FILTER (WHERE sent_at >= $win_from) AS sentiment,
  sum_score(score) FILTER (WHERE sent_at >= $win_from) AS score_sum,
  count(score) FILTER (WHERE sent_at >= $win_from) AS score_n,
  max(sent_at) FILTER (WHERE sent_at >= $win_from) AS last_at,
  coalesce(bool_or(array_has(behavior_flags, 'churn_risk')) FILTER (WHERE sent_at >= $win_from), FALSE) AS has_churn_risk,
  coalesce(bool_or(array_has(behavior_flags, 'frustrated_user')) FILTER (WHERE sent_at >= $win_from), FALSE) AS has_frustrated_user,
  coalesce(bool_or(array_has(behavior_flags, 'buying_signal')) FILTER (WHERE sent_at >= $win_from), FALSE) AS has_buying_signal,
  count(*) FILTER (WHERE sent_at < $prev_to) AS previous_messages,
  count(*) FILTER (WHERE sent_at < $prev_to AND role = 'user') AS previous_user_messages,
  avg_score(score) FILTER (WHERE sent_at < $prev_to) AS previous_sentiment,
  sum_score(score) FILTER (WHERE sent_at < $prev_to) AS previous_score_sum,
  count(score) FILTER (WHERE sent_at < $prev_to) AS previous_score_n,
  max(sent_at) FILTER (WHERE sent_at < $prev_to) AS previous_last_at
FROM message_facts
-- The previous period ends where the window begins.
WHERE
  is_visible
  AND sent_at >= $prev_from
  AND sent_at < $win_to
  AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
GROUP BY
  conversation_id,
  user_id,
  is_guest,
  organization_id,
  inbox_id,
  channel
