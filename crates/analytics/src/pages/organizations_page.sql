-- page: organizations_page
-- doc: One row per client organization with at least one visible message in the window. A conversation belongs to the organization that was said in it; conversations without one are in no row. Name, plan, industry and MRR are those of now (as of as_of); everything else looks at the window only.
-- source: domain specification §3.3, §5.3, §5.6, §6, §6.2
-- class: entity
-- column: organization_id | TEXT | Organization inside the chatbot.
-- column: organization_name | TEXT | Name, else the organization_id.
-- column: plan | TEXT | Plan of the organization.
-- column: industry | TEXT | Industry of the organization.
-- column: mrr | DECIMAL(18,2) | The organization's own monthly recurring revenue, never the sum of its users; USD per month.
-- column: conversations | BIGINT | Conversations with a visible message in the window.
-- column: users | BIGINT | Distinct users of those conversations; guests count too.
-- column: avg_sentiment | DOUBLE | Mean over conversations of the mean score of their messages in the window, -1 to 1; NULL when nothing is scored.
-- column: avg_sentiment_weighted | DOUBLE | Mean score of all scored messages in the window, -1 to 1; NULL when nothing is scored.
-- column: last_activity | TIMESTAMP | Last visible message in the window.
-- extra: mrr_range | TEXT | Class of the MRR: Unknown, 0, 0-100, 100-500, 500-1k, 1k-5k or 5k+; an upper bound belongs to the next class.
-- key: organization_id
-- order: -last_activity
-- search: organization_name, organization_id
-- facet: industry = industry
-- facet: plan = plan
-- filter: mrr_range = mrr_range
-- filter: organization_id = organization_id
-- range: avg_sentiment = avg_sentiment
-- range: conversations = conversations
-- range: mrr = mrr
-- range: users = users
-- example: SELECT organization_name, conversations, users, avg_sentiment FROM organizations_page('cb_1', 'this_month', '{"as_of":"2026-03-12T16:00:00Z"}');
WITH active AS (
  SELECT
    $chatbot_id AS chatbot_id,
    organization_id,
    count(*) AS conversations,
    count(DISTINCT user_id) AS users,
    avg_score(sentiment) AS avg_sentiment,
    score_mean(sum(score_sum), sum(score_n)) AS avg_sentiment_weighted,
    max(last_at) AS last_activity
  FROM conversation_window
  WHERE organization_id IS NOT NULL
  GROUP BY organization_id
)
SELECT
  active.organization_id,
  coalesce(organizations.name, active.organization_id) AS organization_name,
  organizations.plan,
  organizations.industry,
  organizations.mrr,
  active.conversations,
  active.users,
  active.avg_sentiment,
  active.avg_sentiment_weighted,
  active.last_activity,
  mrr_range(organizations.mrr) AS mrr_range
FROM active
LEFT JOIN organizations
  ON organizations.chatbot_id = active.chatbot_id
  AND organizations.organization_id = active.organization_id
