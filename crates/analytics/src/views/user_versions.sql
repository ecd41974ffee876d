-- view: user_versions
-- doc: Every version of the profile of a user up to as_of, from conversations and from profile records. A version that names no user belongs to the final user of its conversation. A building block of users and conversation_asof.
-- source: domain specification §3.3
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: user_id | TEXT | User whom the version describes.
-- column: version_at | TIMESTAMP | Time of this version.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: name | TEXT | Name of the user; NULL means not said in this version.
-- column: email | TEXT | E-mail address of the user; NULL means not said in this version.
-- column: phone | TEXT | Phone number of the user; NULL means not said in this version.
-- column: plan | TEXT | Plan of the user; NULL means not said in this version.
-- column: industry | TEXT | Industry of the user; NULL means not said in this version.
-- column: mrr | DECIMAL(18,2) | Monthly recurring revenue of the user; USD per month, 0 is a value; NULL means not said in this version.
-- column: platform_id | TEXT | Id of the user on the source platform; NULL means not said in this version.
-- column: source_platform | TEXT | Platform that platform_id belongs to; NULL means not said in this version.
-- column: profile_picture | TEXT | URL of the user's picture; NULL means not said in this version.
-- column: organization_id | TEXT | Client organization of the user; NULL means not said in this version.
-- column: profile_created_at | TIMESTAMP | When the profile was created in the customer's product; NULL means not said in this version.
SELECT
  meta.chatbot_id,
  coalesce(meta.user_id, snapshot.user_id) AS user_id,
  meta.version_at,
  meta.ingest_seq,
  meta.user_name AS name,
  meta.user_email AS email,
  meta.user_phone AS phone,
  meta.user_plan AS plan,
  meta.user_industry AS industry,
  meta.user_mrr AS mrr,
  meta.platform_id,
  meta.source_platform,
  meta.profile_picture,
  meta.organization_id,
  NULL AS profile_created_at
FROM stored.conversation_meta AS meta
JOIN conversation_snapshot AS snapshot
  ON snapshot.chatbot_id = meta.chatbot_id
  AND snapshot.conversation_id = meta.conversation_id
WHERE meta.version_at <= $as_of
UNION ALL
SELECT
  chatbot_id,
  user_id,
  version_at,
  ingest_seq,
  name,
  email,
  phone,
  plan,
  industry,
  mrr,
  platform_id,
  source_platform,
  profile_picture,
  organization_id,
  profile_created_at
FROM stored.user_profiles
WHERE version_at <= $as_of
