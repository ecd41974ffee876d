-- page: workflow_dry_run
-- doc: Backtest of a workflow: the visible messages sent in the window for which it would have run, by its stored trigger and conditions and the analysis as known now (or at as_of), whether it is active or not. A message is evaluated when every kind that the conditions name is known of it, as when workflows fire; until then it does not match. Sentiment, intent, topics and flags are known of messages of users, quality flags of answers, the resolution of conversations. The label is that of the score; where there is no score, the label as given. An unknown workflow, or one without a trigger or without conditions, matches nothing.
-- source: domain specification §5.6, §8.8
-- class: analytics
-- argument: workflow_id | TEXT | Workflow that is tried out.
-- column: conversation_id | TEXT | Conversation of the message.
-- column: message_id | TEXT | Message that matches.
-- column: sent_at | TIMESTAMP | When it was sent.
-- extra: role | TEXT | user or assistant.
-- extra: user_id | TEXT | User of the conversation.
-- extra: score | DOUBLE | Sentiment that the conditions see; NULL when not analysed, as in the columns that follow.
-- extra: sentiment_label | TEXT | Label that the conditions see.
-- extra: intent | TEXT | Intent.
-- extra: resolution | TEXT | Resolution of the conversation.
-- extra: topics | TEXT[] | Topics.
-- extra: behavior_flags | TEXT[] | Flags on the user's behaviour.
-- extra: quality_flags | TEXT[] | Flags on the answer's quality.
-- example: SELECT conversation_id, message_id FROM workflow_dry_run('cb_1', 'last_30_days', 'w1');
WITH workflow AS (
  SELECT
    conditions,
    trigger IN ('user_message', 'any_message') AS is_for_users,
    trigger IN ('assistant_message', 'any_message') AS is_for_answers
  FROM workflows
  WHERE workflow_id = $workflow_id
),
labels AS (
  -- Only where there is no score a stored label counts.
  SELECT
    conversation_id,
    message_id,
    sentiment_label
  FROM annotations
  WHERE
    message_id IS NOT NULL
    AND sentiment_score IS NULL
    AND sentiment_label IS NOT NULL
),
candidates AS (
  SELECT
    workflow.conditions,
    facts.conversation_id,
    facts.message_id,
    facts.sent_at,
    facts.role,
    facts.user_id,
    facts.score,
    CASE WHEN facts.role = 'user' THEN coalesce(sentiment_label(facts.score), labels.sentiment_label) END AS label,
    facts.intent,
    resolutions.resolution,
    facts.topics,
    facts.behavior_flags,
    facts.quality_flags
  FROM window_facts AS facts
  JOIN workflow
    ON (facts.role = 'user' AND workflow.is_for_users)
    OR (facts.role = 'assistant' AND workflow.is_for_answers)
  LEFT JOIN labels
    ON labels.conversation_id = facts.conversation_id
    AND labels.message_id = facts.message_id
  LEFT JOIN resolutions
    ON resolutions.conversation_id = facts.conversation_id
)
SELECT
  conversation_id,
  message_id,
  sent_at,
  role,
  user_id,
  score,
  label AS sentiment_label,
  intent,
  resolution,
  topics,
  behavior_flags,
  quality_flags
FROM candidates
WHERE
  condition_is_complete(conditions, score, label, intent, resolution, topics, behavior_flags, quality_flags)
  AND condition_matches(conditions, score, label, intent, resolution, topics, behavior_flags, quality_flags)
ORDER BY
  sent_at,
  message_id,
  conversation_id
