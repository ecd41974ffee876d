-- page: users_page
-- doc: One row per user with at least one visible message in the window. Name, plan, industry, MRR and organization are those of now (as of as_of); conversations, sentiment and last activity look at the window only; first_seen looks at all time and all inboxes. Guests are left out unless include_guests is set.
-- source: domain specification §3.3, §5.3, §5.6, §6, §6.1
-- class: entity
-- option: include_guests | BOOLEAN | false | Whether users who never said who they are have rows too.
-- column: user_id | TEXT | User inside the chatbot (§1.2).
-- column: user_name | TEXT | Name; NULL when it was never said.
-- column: display_name | TEXT | Name to show: Guest User when there is none.
-- column: email | TEXT | E-mail address.
-- column: plan | TEXT | Plan.
-- column: industry | TEXT | Industry.
-- column: mrr | DECIMAL(18,2) | Monthly recurring revenue; USD per month, 0 is a value, NULL is unknown.
-- column: organization_id | TEXT | Client organization that the user belongs to now.
-- column: organization_name | TEXT | Name of that organization.
-- column: conversations | BIGINT | Conversations with a visible message in the window.
-- column: avg_sentiment | DOUBLE | Mean over conversations of the mean score of their messages in the window, -1 to 1; NULL when nothing is scored.
-- column: avg_sentiment_weighted | DOUBLE | Mean score of all scored messages in the window, -1 to 1; NULL when nothing is scored.
-- column: first_seen | TIMESTAMP | First visible message ever.
-- column: last_activity | TIMESTAMP | Last visible message in the window.
-- extra: mrr_range | TEXT | Class of the MRR: Unknown, 0, 0-100, 100-500, 500-1k, 1k-5k or 5k+; an upper bound belongs to the next class.
-- extra: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- key: user_id
-- order: -last_activity
-- search: user_name, email, user_id
-- facet: industry = industry
-- facet: organization = organization_id
-- facet: plan = plan
-- filter: mrr_range = mrr_range
-- filter: user_id = user_id
-- range: avg_sentiment = avg_sentiment
-- range: conversations = conversations
-- range: mrr = mrr
-- example: SELECT display_name, plan, mrr, conversations, avg_sentiment FROM users_page('cb_1', 'this_month', '{"as_of":"2026-03-12T16:00:00Z","sort":"avg_sentiment"}');
WITH active AS (
  SELECT
    $chatbot_id AS chatbot_id,
    user_id,
    count(*) AS conversations,
    avg_score(sentiment) AS avg_sentiment,
    score_mean(sum(score_sum), sum(score_n)) AS avg_sentiment_weighted,
    max(last_at) AS last_activity
  FROM conversation_window
  WHERE
    coalesce($include_guests, FALSE)
    OR NOT is_guest
  GROUP BY user_id
),
started AS (
  SELECT
    chatbot_id,
    conversation_id,
    min(sent_at) AS started_at
  FROM messages
  WHERE is_visible
  GROUP BY
    chatbot_id,
    conversation_id
),
attributed AS (
  SELECT
    coalesce(snapshot.user_id, 'anon:' || started.conversation_id) AS user_id,
    started.started_at
  FROM started
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.chatbot_id = started.chatbot_id
    AND snapshot.conversation_id = started.conversation_id
),
seen AS (
  SELECT
    user_id,
    min(started_at) AS first_seen
  FROM attributed
  GROUP BY user_id
)
SELECT
  active.user_id,
  known.name AS user_name,
  display_name(known.name) AS display_name,
  known.email,
  known.plan,
  known.industry,
  known.mrr,
  known.organization_id,
  organizations.name AS organization_name,
  active.conversations,
  active.avg_sentiment,
  active.avg_sentiment_weighted,
  seen.first_seen,
  active.last_activity,
  mrr_range(known.mrr) AS mrr_range,
  starts_with(active.user_id, 'anon:') AS is_guest
FROM active
LEFT JOIN known_users AS known
  ON known.user_id = active.user_id
LEFT JOIN organizations
  ON organizations.chatbot_id = active.chatbot_id
  AND organizations.organization_id = known.organization_id
LEFT JOIN seen
  ON seen.user_id = active.user_id
