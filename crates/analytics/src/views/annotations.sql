-- view: annotations
-- doc: What is known about a message or a conversation: of each column the newest value that was analysed. The resolution of a conversation is in resolutions.
-- source: domain specification §3.2
-- reference: conversations | chatbot_id, conversation_id
-- reference: messages | chatbot_id, conversation_id, message_id
-- column: chatbot_id | TEXT | Tenant that owns the row; a filter on it reads the files of that chatbot only.
-- column: conversation_id | TEXT | Conversation (thread) inside the chatbot.
-- column: message_id | TEXT | Message that is annotated; NULL annotates the conversation.
-- column: annotated_at | TIMESTAMP | Time of the newest analysis.
-- column: sentiment_score | DOUBLE | Sentiment from -1 to 1; NULL when never analysed, as in the columns that follow.
-- column: sentiment_label | TEXT | Label as given; shown when there is no score, never used in statistics (§5.6).
-- column: behavior_flags | TEXT[] | Flags on the user's behaviour: slugs, sorted; empty when nothing was found.
-- column: quality_flags | TEXT[] | Flags on the answer's quality: slugs, sorted; empty when nothing was found.
-- column: intent | TEXT | Intent, a slug.
-- column: topics | TEXT[] | Topics: slugs, sorted; empty when nothing was found.
SELECT
  chatbot_id,
  conversation_id,
  message_id,
  max(annotated_at) AS annotated_at,
  latest(sentiment_score, annotated_at, ingest_seq) AS sentiment_score,
  latest(sentiment_label, annotated_at, ingest_seq) AS sentiment_label,
  latest(behavior_flags, annotated_at, ingest_seq) AS behavior_flags,
  latest(quality_flags, annotated_at, ingest_seq) AS quality_flags,
  latest(intent, annotated_at, ingest_seq) AS intent,
  latest(topics, annotated_at, ingest_seq) AS topics
FROM stored.annotations
WHERE annotated_at <= $as_of
GROUP BY
  chatbot_id,
  conversation_id,
  message_id
