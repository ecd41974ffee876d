-- view: known_users
-- doc: Current profiles of the users about whom something was said: the rows of users without the guests of conversations that have no metadata. Joined to rows that name their user it costs no look at messages.
-- source: domain specification §3.3
-- column: user_id | TEXT | User inside the chatbot (§1.2).
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
-- column: first_version_at | TIMESTAMP | Time of the oldest version.
SELECT
  user_id,
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
  latest(profile_created_at, version_at, ingest_seq) AS profile_created_at,
  min(version_at) AS first_version_at
FROM user_versions
GROUP BY user_id
