-- page: sentiment_distribution
-- doc: One row per sentiment label, from the most negative on, always all five: how many messages of users have a score with that label. Visible messages sent in the window count. A label that was stored with a message never counts. share is NULL when nothing is scored.
-- source: domain specification §5.6, §8.2
-- class: analytics
-- column: label | TEXT | Very Negative, Negative, Neutral, Positive or Very Positive.
-- column: messages | BIGINT | Scored messages of users with this label.
-- column: share | DOUBLE | messages as a fraction of all scored messages.
-- extra: conversations | BIGINT | Conversations with such a message in the window.
-- extra: users | BIGINT | Users with such a message in the window.
-- example: SELECT label, messages, share FROM sentiment_distribution('cb_1', 'last_30_days');
WITH labels (place, label) AS (
  VALUES
    (1, 'Very Negative'),
    (2, 'Negative'),
    (3, 'Neutral'),
    (4, 'Positive'),
    (5, 'Very Positive')
),
scored AS (
  SELECT
    sentiment_label(score) AS label,
    count(*) AS messages,
    count(DISTINCT conversation_id) AS conversations,
    count(DISTINCT user_id) AS users
  FROM window_facts
  WHERE score IS NOT NULL
  GROUP BY sentiment_label(score)
)
SELECT
  labels.label,
  coalesce(scored.messages, 0) AS messages,
  CAST(coalesce(scored.messages, 0) AS DOUBLE) / sum(scored.messages) OVER () AS share,
  coalesce(scored.conversations, 0) AS conversations,
  coalesce(scored.users, 0) AS users
FROM labels
LEFT JOIN scored
  ON scored.label = labels.label
ORDER BY labels.place
