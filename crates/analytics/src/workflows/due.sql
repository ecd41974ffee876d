-- Messages that fulfil the conditions of a workflow and have no run of it yet, the oldest first. A run counts under
-- whatever id it was recorded, and whichever of its versions names the message.
WITH labels AS (
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
recorded AS (
  SELECT
    conversation_id,
    message_id
  FROM stored.workflow_runs
  WHERE
    workflow_id = $workflow_id
    AND conversation_id IS NOT NULL
    AND message_id IS NOT NULL
),
candidates AS (
  SELECT
    facts.conversation_id,
    facts.message_id,
    facts.sent_at,
    facts.score,
    CASE WHEN facts.role = 'user' THEN coalesce(sentiment_label(facts.score), labels.sentiment_label) END AS label,
    facts.intent,
    resolutions.resolution,
    facts.topics,
    facts.behavior_flags,
    facts.quality_flags
  FROM message_facts AS facts
  LEFT ANTI JOIN recorded
    ON recorded.conversation_id = facts.conversation_id
    AND recorded.message_id = facts.message_id
  LEFT JOIN labels
    ON labels.conversation_id = facts.conversation_id
    AND labels.message_id = facts.message_id
  LEFT JOIN resolutions
    ON resolutions.conversation_id = facts.conversation_id
  WHERE
    facts.is_visible
    AND facts.sent_at >= $sent_since
    AND ((facts.role = 'user' AND $is_for_users) OR (facts.role = 'assistant' AND $is_for_answers))
)
SELECT
  conversation_id,
  message_id
FROM candidates
WHERE
  condition_is_complete($conditions, score, label, intent, resolution, topics, behavior_flags, quality_flags)
  AND condition_matches($conditions, score, label, intent, resolution, topics, behavior_flags, quality_flags)
ORDER BY
  sent_at,
  conversation_id,
  message_id
LIMIT $row_count_max
