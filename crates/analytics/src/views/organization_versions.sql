-- view: organization_versions
-- doc: Every version of what was said about a client organization up to as_of. A version that names no organization belongs to the final one of its conversation. A building block of organizations and conversation_asof.
-- source: domain specification §3.3
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: organization_id | TEXT | Organization that the version describes.
-- column: version_at | TIMESTAMP | Time of this version.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: name | TEXT | Name of the organization; NULL means not said in this version.
-- column: plan | TEXT | Plan of the organization; NULL means not said in this version.
-- column: industry | TEXT | Industry of the organization; NULL means not said in this version.
-- column: mrr | DECIMAL(18,2) | The organization's own monthly recurring revenue, never the sum of its users; USD per month; NULL means not said in this version.
SELECT
  meta.chatbot_id,
  coalesce(meta.organization_id, snapshot.organization_id) AS organization_id,
  meta.version_at,
  meta.ingest_seq,
  meta.org_name AS name,
  meta.org_plan AS plan,
  meta.org_industry AS industry,
  meta.org_mrr AS mrr
FROM stored.conversation_meta AS meta
JOIN conversation_snapshot AS snapshot
  ON snapshot.chatbot_id = meta.chatbot_id
  AND snapshot.conversation_id = meta.conversation_id
WHERE
  meta.version_at <= $as_of
  AND coalesce(meta.organization_id, snapshot.organization_id) IS NOT NULL
