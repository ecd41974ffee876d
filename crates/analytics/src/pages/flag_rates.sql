-- page: flag_rates
-- doc: One row per kind and flag found on a visible message sent in the window, the most widespread first within its kind. The rate is over the conversations in which that kind was analysed at all: an analysis that found nothing counts, a message that was not analysed does not.
-- source: domain specification §8.3
-- class: analytics
-- column: kind | TEXT | behavior (of the user) or quality (of the answer).
-- column: flag | TEXT | The flag, a slug.
-- column: messages | BIGINT | Messages with the flag.
-- column: conversations | BIGINT | Conversations with such a message in the window.
-- column: analysed_conversations | BIGINT | Conversations with a message in the window of which the flags of this kind were analysed.
-- column: rate | DOUBLE | conversations as a fraction of analysed_conversations.
-- extra: users | BIGINT | Users with such a conversation.
-- example: SELECT kind, flag, conversations, rate FROM flag_rates('cb_1', 'last_30_days');
WITH analysed AS (
  SELECT
    conversation_id,
    user_id,
    CASE WHEN behavior_flags IS NULL THEN 'quality' ELSE 'behavior' END AS kind,
    -- Users have behaviour, answers have quality: a message has one kind at most. The NULL that is added to its flags
    -- stands for the analysis itself, so that one pass counts numerators and denominators.
    unnest(array_append(coalesce(behavior_flags, quality_flags), NULL)) AS flag
  FROM window_facts
  WHERE
    behavior_flags IS NOT NULL
    OR quality_flags IS NOT NULL
),
counted AS (
  SELECT
    kind,
    flag,
    count(*) AS messages,
    count(DISTINCT conversation_id) AS conversations,
    count(DISTINCT user_id) AS users
  FROM analysed
  GROUP BY
    kind,
    flag
),
rated AS (
  SELECT
    kind,
    flag,
    messages,
    conversations,
    users,
    max(CASE WHEN flag IS NULL THEN conversations END) OVER (PARTITION BY kind) AS analysed_conversations
  FROM counted
)
SELECT
  kind,
  flag,
  messages,
  conversations,
  analysed_conversations,
  CAST(conversations AS DOUBLE) / analysed_conversations AS rate,
  users
FROM rated
WHERE flag IS NOT NULL
ORDER BY
  kind,
  conversations DESC,
  flag
