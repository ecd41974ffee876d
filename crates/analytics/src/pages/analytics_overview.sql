-- page: analytics_overview
-- doc: The headline numbers of the window, one row each, beside the previous period of as many days: conversations, messages, avg_sentiment_weighted, avg_sentiment and active_users. Visible messages count, and the conversations and users that have one. With include_analyzed_today a sixth row, analyzed_today, counts the visible messages that were analysed on the local day of as_of, and as previous those of the day before; it does not depend on the period.
-- source: domain specification §5.6, §8.1
-- class: analytics
-- option: include_analyzed_today | BOOLEAN | false | Whether the row analyzed_today is there.
-- column: metric | TEXT | conversations, messages, avg_sentiment_weighted (mean score of messages of users), avg_sentiment (mean over conversations of their means), active_users, and analyzed_today where it is asked for.
-- column: value | DOUBLE | The number in the window; NULL for a mean of nothing.
-- column: previous | DOUBLE | The number in the previous period.
-- column: change_pct | DOUBLE | (value - previous) / previous as a fraction; NULL when previous is 0 or NULL.
-- example: SELECT metric, value, change_pct FROM analytics_overview('cb_1', 'last_7_days');
WITH compared AS (
  SELECT
    count(*) FILTER (WHERE messages > 0) AS conversations,
    sum(messages) AS messages,
    score_mean(sum(score_sum), sum(score_n)) AS avg_sentiment_weighted,
    avg_score(sentiment) AS avg_sentiment,
    count(DISTINCT CASE WHEN messages > 0 THEN user_id END) AS active_users,
    count(*) FILTER (WHERE previous_messages > 0) AS previous_conversations,
    sum(previous_messages) AS previous_messages,
    score_mean(sum(previous_score_sum), sum(previous_score_n)) AS previous_avg_sentiment_weighted,
    avg_score(previous_sentiment) AS previous_avg_sentiment,
    count(DISTINCT CASE WHEN previous_messages > 0 THEN user_id END) AS previous_active_users
  FROM window_comparison
),
analysed_messages AS (
  -- Read only when the row is asked for.
  SELECT
    versions.conversation_id,
    versions.message_id,
    bool_or(versions.annotated_at >= period_start('today', $timezone, $as_of)) AS is_of_today,
    bool_or(versions.annotated_at < period_start('today', $timezone, $as_of)) AS is_of_yesterday
  FROM annotation_versions AS versions
  JOIN message_facts AS messages
    ON messages.conversation_id = versions.conversation_id
    AND messages.message_id = versions.message_id
  WHERE
    $include_analyzed_today
    AND versions.annotated_at >= period_start('yesterday', $timezone, $as_of)
    AND versions.annotated_at < period_end('today', $timezone, $as_of)
    AND messages.is_visible
    AND ($inbox_id IS NULL OR messages.inbox_id = $inbox_id)
  GROUP BY
    versions.conversation_id,
    versions.message_id
),
analysed AS (
  SELECT
    count(*) FILTER (WHERE is_of_today) AS today,
    count(*) FILTER (WHERE is_of_yesterday) AS yesterday
  FROM analysed_messages
),
lines AS (
  SELECT
    unnest([
      named_struct(
        'place', 1,
        'metric', 'conversations',
        'value', CAST(compared.conversations AS DOUBLE),
        'previous', CAST(compared.previous_conversations AS DOUBLE)
      ),
      named_struct(
        'place', 2,
        'metric', 'messages',
        'value', CAST(coalesce(compared.messages, 0) AS DOUBLE),
        'previous', CAST(coalesce(compared.previous_messages, 0) AS DOUBLE)
      ),
      named_struct(
        'place', 3,
        'metric', 'avg_sentiment_weighted',
        'value', compared.avg_sentiment_weighted,
        'previous', compared.previous_avg_sentiment_weighted
      ),
      named_struct(
        'place', 4,
        'metric', 'avg_sentiment',
        'value', compared.avg_sentiment,
        'previous', compared.previous_avg_sentiment
      ),
      named_struct(
        'place', 5,
        'metric', 'active_users',
        'value', CAST(compared.active_users AS DOUBLE),
        'previous', CAST(compared.previous_active_users AS DOUBLE)
      ),
      named_struct(
        'place', 6,
        'metric', CASE WHEN $include_analyzed_today THEN 'analyzed_today' END,
        'value', CAST(analysed.today AS DOUBLE),
        'previous', CAST(analysed.yesterday AS DOUBLE)
      )
    ]) AS line
  FROM compared
  CROSS JOIN analysed
)
SELECT
  line['metric'] AS metric,
  line['value'] AS value,
  line['previous'] AS previous,
  change_pct(line['value'], line['previous']) AS change_pct
FROM lines
WHERE line['metric'] IS NOT NULL
ORDER BY line['place']
