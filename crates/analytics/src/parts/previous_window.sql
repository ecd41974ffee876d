-- view: previous_window
-- doc: Conversations that are active in the previous period, as conversation_window is for the window.
-- source: domain specification §4, §5.3
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: user_id | TEXT | Who the conversation is with (§1.2).
-- column: organization_id | TEXT | Client organization said in the conversation.
-- column: messages | BIGINT | Visible messages.
-- column: user_messages | BIGINT | Visible messages of the user.
-- column: sentiment | DOUBLE | Mean score of its scored messages; NULL when nothing is scored.
-- column: score_sum | DECIMAL(38,0) | Sum of the scores in units of 2^-60.
-- column: score_n | BIGINT | Scored messages.
SELECT
  conversation_id,
  user_id,
  organization_id,
  count(*) AS messages,
  count(*) FILTER (WHERE role = 'user') AS user_messages,
  avg_score(score) AS sentiment,
  sum_score(score) AS score_sum,
  count(score) AS score_n
FROM message_facts
WHERE
  is_visible
  AND sent_at >= $prev_from
  AND sent_at < $prev_to
  AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
GROUP BY
  conversation_id,
  user_id,
  organization_id
