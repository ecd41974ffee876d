-- view: counted_tool_uses
-- doc: Uses of the writing tools in the window, in the inbox asked for. A use is measured when something was suggested and sent and no translation came in between. The inbox is that of the conversation.
-- source: domain specification §7.9
-- column: use_id | TEXT | Use of a tool.
-- column: tool | TEXT | ai_writer or doc_reply.
-- column: conversation_id | TEXT | Conversation in which it was used.
-- column: agent_id | TEXT | Agent who used it.
-- column: used_at | TIMESTAMP | When it was used.
-- column: accuracy | DOUBLE | How much of the suggestion was kept, of a measured use; else NULL.
-- column: is_accepted | BOOLEAN | Whether the suggestion was sent unchanged, of a measured use; else NULL.
SELECT
  use_id,
  tool,
  conversation_id,
  agent_id,
  used_at,
  CASE WHEN NOT coalesce(translation_used, FALSE) THEN edit_accuracy(suggested_text, final_text) END AS accuracy,
  CASE WHEN NOT coalesce(translation_used, FALSE) THEN suggested_text = final_text END AS is_accepted
FROM ai_tool_uses
WHERE
  used_at >= $win_from
  AND used_at < $win_to
  AND ($inbox_id IS NULL OR conversation_id IN (SELECT conversation_id FROM inbox_conversations))
