-- view: annotation_versions
-- doc: Every version of the analysis of messages and conversations up to as_of.
-- source: domain specification §3.1
-- key: ingest_seq
-- reference: conversations | chatbot_id, conversation_id
-- reference: messages | chatbot_id, conversation_id, message_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: message_id | TEXT | Message that is annotated; NULL annotates the conversation.
-- column: annotated_at | TIMESTAMP | Time of this version of the analysis.
-- column: sentiment_score | DOUBLE | Sentiment from -1 to 1; NULL when not analysed in this run, as in the columns that follow.
-- column: sentiment_label | TEXT | Label as given.
-- column: behavior_flags | TEXT[] | Flags on the user's behaviour: slugs, sorted; empty when nothing was found.
-- column: quality_flags | TEXT[] | Flags on the answer's quality: slugs, sorted; empty when nothing was found.
-- column: intent | TEXT | Intent, a slug.
-- column: topics | TEXT[] | Topics: slugs, sorted; empty when nothing was found.
-- column: resolution | TEXT | fully_resolved, partially_resolved or unresolved.
-- column: ingest_seq | BIGINT | Arrival number of the row, the final tie-breaker.
-- column: day | DATE | UTC date of annotated_at; a filter on it reads the files of those days only.
SELECT
  chatbot_id,
  conversation_id,
  message_id,
  annotated_at,
  sentiment_score,
  sentiment_label,
  behavior_flags,
  quality_flags,
  intent,
  topics,
  resolution,
  ingest_seq,
  day
FROM stored.annotations
WHERE annotated_at <= $as_of
