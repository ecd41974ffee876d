-- view: users
-- doc: Current profiles of users: of each column the newest value over all versions. Guests who wrote or were answered are users too.
-- source: domain specification §1.2, §3.3
-- key: chatbot_id, user_id
-- reference: chatbots | chatbot_id
-- reference: organizations | chatbot_id, organization_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: user_id | TEXT | User inside the chatbot (§1.2).
-- column: is_guest | BOOLEAN | Whether the user is unknown: the user_id starts with anon:.
-- column: name | TEXT | Name of the user.
-- column: email | TEXT | E-mail address of the user.
-- column: phone | TEXT | Phone number of the user.
-- column: plan | TEXT | Plan of the user.
-- column: industry | TEXT | Industry of the user.
-- column: mrr | DECIMAL(18,2) | Monthly recurring revenue of the user; USD per month, 0 is a value.
-- column: platform_id | TEXT | Id of the user on the source platform.
-- column: source_platform | TEXT | Platform that platform_id belongs to.
-- column: profile_picture | TEXT | URL of the user's picture.
-- column: organization_id | TEXT | Client organization of the user.
-- column: profile_created_at | TIMESTAMP | When the profile was created in the customer's product.
WITH told AS (
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
  FROM user_versions
  UNION ALL
  -- A conversation that never sent metadata still has its guest.
  SELECT
    chatbot_id,
    user_id,
    NULL AS version_at,
    NULL AS ingest_seq,
    NULL AS name,
    NULL AS email,
    NULL AS phone,
    NULL AS plan,
    NULL AS industry,
    NULL AS mrr,
    NULL AS platform_id,
    NULL AS source_platform,
    NULL AS profile_picture,
    NULL AS organization_id,
    NULL AS profile_created_at
  FROM conversations
  WHERE
    is_guest
    AND message_count > 0
)
SELECT
  chatbot_id,
  user_id,
  starts_with(user_id, 'anon:') AS is_guest,
  latest(name, version_at, ingest_seq) AS name,
  latest(email, version_at, ingest_seq) AS email,
  latest(phone, version_at, ingest_seq) AS phone,
  latest(plan, version_at, ingest_seq) AS plan,
  latest(industry, version_at, ingest_seq) AS industry,
  latest(mrr, version_at, ingest_seq) AS mrr,
  latest(platform_id, version_at, ingest_seq) AS platform_id,
  latest(source_platform, version_at, ingest_seq) AS source_platform,
  latest(profile_picture, version_at, ingest_seq) AS profile_picture,
  latest(organization_id, version_at, ingest_seq) AS organization_id,
  latest(profile_created_at, version_at, ingest_seq) AS profile_created_at
FROM told
GROUP BY
  chatbot_id,
  user_id
