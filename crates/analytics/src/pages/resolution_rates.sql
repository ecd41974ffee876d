-- page: resolution_rates
-- doc: One row: how the conversations with a visible message in the window were resolved. The resolution of a conversation is the newest over all its annotations, of its messages too, whenever they were made. Rates are over the assessed conversations and NULL when there are none.
-- source: domain specification §8.4
-- class: analytics
-- column: assessed | BIGINT | Conversations with a resolution.
-- column: fully_resolved | BIGINT | Of these, fully resolved.
-- column: partially_resolved | BIGINT | Of these, partially resolved.
-- column: unresolved | BIGINT | Of these, unresolved.
-- column: not_assessed | BIGINT | Conversations without a resolution.
-- column: resolution_rate | DOUBLE | Fully and partially resolved as a fraction of assessed.
-- column: full_resolution_rate | DOUBLE | Fully resolved as a fraction of assessed.
-- extra: conversations | BIGINT | Conversations with a visible message in the window.
-- extra: users | BIGINT | Users of these conversations.
-- extra: assessed_users | BIGINT | Users of the assessed conversations.
-- example: SELECT assessed, resolution_rate FROM resolution_rates('cb_1', 'last_7_days');
WITH counted AS (
  SELECT
    count(resolutions.resolution) AS assessed,
    count(*) FILTER (WHERE resolutions.resolution = 'fully_resolved') AS fully_resolved,
    count(*) FILTER (WHERE resolutions.resolution = 'partially_resolved') AS partially_resolved,
    count(*) FILTER (WHERE resolutions.resolution = 'unresolved') AS unresolved,
    count(*) AS conversations,
    count(DISTINCT active.user_id) AS users,
    count(DISTINCT CASE WHEN resolutions.resolution IS NOT NULL THEN active.user_id END) AS assessed_users
  FROM conversation_window AS active
  LEFT JOIN resolutions
    ON resolutions.conversation_id = active.conversation_id
)
SELECT
  assessed,
  fully_resolved,
  partially_resolved,
  unresolved,
  conversations - assessed AS not_assessed,
  CAST(fully_resolved + partially_resolved AS DOUBLE) / nullif(assessed, 0) AS resolution_rate,
  CAST(fully_resolved AS DOUBLE) / nullif(assessed, 0) AS full_resolution_rate,
  conversations,
  users,
  assessed_users
FROM counted
