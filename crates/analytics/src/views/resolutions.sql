-- view: resolutions
-- doc: How conversations were resolved: the newest value over all annotations of a conversation, of its messages too. Conversations that were never analysed so are missing.
-- source: domain specification §3.2, §5.2; oracle 03_canonical.sql
-- key: chatbot_id, conversation_id
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: resolution | TEXT | fully_resolved, partially_resolved or unresolved.
SELECT
  chatbot_id,
  conversation_id,
  latest(resolution, annotated_at, ingest_seq) AS resolution
FROM stored.annotations
WHERE
  annotated_at <= $as_of
  AND resolution IS NOT NULL
GROUP BY
  chatbot_id,
  conversation_id
