-- page: expansion_targets
-- doc: Users who show that they would buy: at least one conversation with the flag buying_signal on a visible message in the window, and an average sentiment above min_sentiment in it. The happiest first. Profiles are as known now.
-- source: domain specification §5.6, §6.1, §8.6
-- class: analytics
-- option: min_sentiment | DOUBLE | 0.2 | The average sentiment must be above it.
-- option: include_guests | BOOLEAN | false | Whether unknown users (guests) are shown too.
-- column: user_id | TEXT | User.
-- column: display_name | TEXT | Name, else Guest User.
-- column: organization_name | TEXT | Name of the user's organization.
-- column: plan | TEXT | Plan of the user.
-- column: mrr | DECIMAL(18,2) | Monthly recurring revenue of the user in USD.
-- column: avg_sentiment | DOUBLE | Mean over the user's conversations in the window of their means.
-- column: buying_signal_conversations | BIGINT | Conversations with the flag on a message in the window.
-- column: last_activity | TIMESTAMP | When the last visible message in the window was sent.
-- extra: organization_id | TEXT | The user's organization.
-- extra: email | TEXT | E-mail address of the user.
-- extra: conversations | BIGINT | Conversations of the user with a visible message in the window.
-- example: SELECT display_name, avg_sentiment FROM expansion_targets('cb_1', 'last_7_days', min_sentiment => 0.5);
WITH measured AS (
  SELECT
    user_id,
    count(*) AS conversations,
    count(*) FILTER (WHERE has_buying_signal) AS buying_signal_conversations,
    avg_score(sentiment) AS avg_sentiment,
    max(last_at) AS last_activity
  FROM conversation_window
  WHERE
    $include_guests
    OR NOT is_guest
  GROUP BY user_id
)
SELECT
  measured.user_id,
  display_name(users.name) AS display_name,
  organizations.name AS organization_name,
  users.plan,
  users.mrr,
  measured.avg_sentiment,
  measured.buying_signal_conversations,
  measured.last_activity,
  users.organization_id,
  users.email,
  measured.conversations
FROM measured
LEFT JOIN known_users AS users
  ON users.user_id = measured.user_id
LEFT JOIN organizations
  ON organizations.organization_id = users.organization_id
WHERE
  measured.buying_signal_conversations > 0
  AND measured.avg_sentiment > $min_sentiment
ORDER BY
  measured.avg_sentiment DESC,
  measured.buying_signal_conversations DESC,
  measured.user_id
