-- page: resolution_rates_drill
-- doc: The conversations behind resolution_rates: one row per conversation as assessed or not_assessed, as fully_resolved, partially_resolved or unresolved, and per assessed conversation as resolution_rate and full_resolution_rate with the 1 or 0 that is averaged.
-- source: domain specification §8.4, §12
-- class: analytics
-- column: metric | TEXT | Column of resolution_rates.
-- column: day | DATE | Local day of at.
-- column: conversation_id | TEXT | Conversation that counts.
-- column: session_no | BIGINT | NULL: not told here.
-- column: message_id | TEXT | NULL: conversations count.
-- column: user_id | TEXT | User of the conversation.
-- column: record_id | TEXT | NULL: there is no other record.
-- column: agent_id | TEXT | NULL: not told here.
-- column: at | TIMESTAMP | When the last visible message in the window was sent.
-- column: value | DOUBLE | 1 for resolved and 0 for not, of the rates; else NULL.
-- example: SELECT metric, conversation_id FROM resolution_rates_drill('cb_1', 'last_7_days');
WITH counted AS (
  SELECT
    active.conversation_id,
    active.user_id,
    active.last_at,
    unnest([
      named_struct(
        'metric', CASE WHEN resolutions.resolution IS NULL THEN 'not_assessed' ELSE 'assessed' END,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'metric', resolutions.resolution,
        'value', CAST(NULL AS DOUBLE)
      ),
      named_struct(
        'metric', CASE WHEN resolutions.resolution IS NOT NULL THEN 'resolution_rate' END,
        'value', CASE WHEN resolutions.resolution IN ('fully_resolved', 'partially_resolved') THEN 1.0 ELSE 0.0 END
      ),
      named_struct(
        'metric', CASE WHEN resolutions.resolution IS NOT NULL THEN 'full_resolution_rate' END,
        'value', CASE WHEN resolutions.resolution = 'fully_resolved' THEN 1.0 ELSE 0.0 END
      )
    ]) AS line
  FROM conversation_window AS active
  LEFT JOIN resolutions
    ON resolutions.conversation_id = active.conversation_id
)
SELECT
  line['metric'] AS metric,
  local_day(last_at, $timezone) AS day,
  conversation_id,
  CAST(NULL AS BIGINT) AS session_no,
  CAST(NULL AS TEXT) AS message_id,
  user_id,
  CAST(NULL AS TEXT) AS record_id,
  CAST(NULL AS TEXT) AS agent_id,
  last_at AS at,
  line['value'] AS value
FROM counted
WHERE line['metric'] IS NOT NULL
ORDER BY
  metric,
  at,
  conversation_id,
  session_no,
  message_id,
  record_id
