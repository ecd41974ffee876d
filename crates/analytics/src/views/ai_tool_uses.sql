-- view: ai_tool_uses
-- doc: Uses of the writing tools as known at as_of; the first write of a use counts.
-- source: domain specification §3.1, §3.2
-- key: chatbot_id, use_id
-- reference: conversations | chatbot_id, conversation_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: use_id | TEXT | Id of this use.
-- column: tool | TEXT | ai_writer or doc_reply.
-- column: used_at | TIMESTAMP | When the tool was used.
-- column: agent_id | TEXT | Agent who used it.
-- column: conversation_id | TEXT | Conversation in which it was used.
-- column: suggested_text | TEXT | Text that the tool suggested.
-- column: final_text | TEXT | Text that was sent; NULL when the suggestion was never sent.
-- column: translation_used | BOOLEAN | Whether the text was translated.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: day | DATE | UTC date of used_at; a filter on it reads the files of those days only.
SELECT
  chatbot_id,
  use_id,
  tool,
  used_at,
  agent_id,
  conversation_id,
  suggested_text,
  final_text,
  translation_used,
  ingest_seq,
  day
FROM stored.ai_tool_uses
WHERE used_at <= $as_of
