-- page: analytics_contacts
-- doc: One row. Contacts are users who ever wrote. A contact is new when the first message of all inboxes lies in the window and, with an inbox filter, came in through that inbox. Contacts are the idle customers and those active customers who ever wrote.
-- source: domain specification §7.4
-- class: analytics
-- column: new_contacts | BIGINT | Users whose first message ever was sent in the window.
-- column: active_customers | BIGINT | Users with an active session at as_of.
-- column: idle_customers | BIGINT | Contacts without an active session at as_of.
-- column: contacts | BIGINT | Users who ever wrote.
-- extra: previous_new_contacts | BIGINT | Users whose first message ever was sent in the previous period.
-- example: SELECT new_contacts, active_customers, idle_customers, contacts FROM analytics_contacts('cb_1', 'last_7_days');
WITH people AS (
  SELECT
    first_inbound_at,
    $inbox_id IS NULL OR first_inbox_id = $inbox_id AS is_attributed,
    is_contact,
    is_active
  FROM customers
)
SELECT
  count(*) FILTER (
    WHERE is_attributed AND first_inbound_at >= $win_from AND first_inbound_at < $win_to
  ) AS new_contacts,
  count(*) FILTER (WHERE is_active) AS active_customers,
  count(*) FILTER (WHERE is_contact AND NOT is_active) AS idle_customers,
  count(*) FILTER (WHERE is_contact) AS contacts,
  count(*) FILTER (
    WHERE is_attributed AND first_inbound_at >= $prev_from AND first_inbound_at < $prev_to
  ) AS previous_new_contacts
FROM people
