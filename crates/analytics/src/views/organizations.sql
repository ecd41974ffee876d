-- view: organizations
-- doc: Current profiles of client organizations: of each column the newest value over all conversations.
-- source: domain specification §3.3
-- key: chatbot_id, organization_id
-- reference: chatbots | chatbot_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: organization_id | TEXT | Organization inside the chatbot.
-- column: name | TEXT | Name of the organization.
-- column: plan | TEXT | Plan of the organization.
-- column: industry | TEXT | Industry of the organization.
-- column: mrr | DECIMAL(18,2) | The organization's own monthly recurring revenue, never the sum of its users; USD per month.
SELECT
  chatbot_id,
  organization_id,
  latest(name, version_at, ingest_seq) AS name,
  latest(plan, version_at, ingest_seq) AS plan,
  latest(industry, version_at, ingest_seq) AS industry,
  latest(mrr, version_at, ingest_seq) AS mrr
FROM organization_versions
GROUP BY
  chatbot_id,
  organization_id
