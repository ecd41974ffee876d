-- view: organizations
-- doc: Current profiles of client organizations: of each column the newest value over all conversations.
-- source: domain specification §3.3
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: organization_id | TEXT | Organization inside the chatbot.
-- column: name | TEXT | Name of the organization.
-- column: plan | TEXT | Plan of the organization.
-- column: industry | TEXT | Industry of the organization.
-- column: mrr | DECIMAL(18,2) | The organization's own monthly recurring revenue, never the sum of its users; USD per month.
SELECT
  chatbot_id,
  organization_id,
  last_value(name ORDER BY version_at, ingest_seq) FILTER (WHERE name IS NOT NULL) AS name,
  last_value(plan ORDER BY version_at, ingest_seq) FILTER (WHERE plan IS NOT NULL) AS plan,
  last_value(industry ORDER BY version_at, ingest_seq) FILTER (WHERE industry IS NOT NULL) AS industry,
  last_value(mrr ORDER BY version_at, ingest_seq) FILTER (WHERE mrr IS NOT NULL) AS mrr
FROM organization_versions
GROUP BY
  chatbot_id,
  organization_id
