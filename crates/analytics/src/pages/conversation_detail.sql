-- page: conversation_detail
-- doc: One row per message of a conversation, also those that are not visible: broadcasts, system messages and private notes. In the order in which they were sent; at the same instant the user first, then the assistant, then the system. Messages written by the user have score, behaviour flags, intent and topics, answers have quality flags.
-- source: domain specification §5.2, §5.6, §6.3
-- class: entity
-- period: none
-- argument: conversation_id | TEXT | The conversation.
-- column: message_id | TEXT | Message inside the conversation.
-- column: sent_at | TIMESTAMP | When it was sent.
-- column: sender_type | TEXT | customer, bot, agent, broadcast or system.
-- column: agent_id | TEXT | Agent who sent it.
-- column: content | TEXT | Text of the message; may be empty.
-- column: score | DOUBLE | Sentiment from -1 to 1.
-- column: sentiment_label | TEXT | Label of the score; without a score the label that was given (§5.6).
-- column: behavior_flags | TEXT[] | Flags on the user's behaviour; empty when nothing was found, NULL when not analysed.
-- column: quality_flags | TEXT[] | Flags on the quality of the answer; empty when nothing was found, NULL when not analysed.
-- column: intent | TEXT | Intent.
-- column: topics | TEXT[] | Topics; empty when nothing was found, NULL when not analysed.
-- column: role | TEXT | user, assistant or system.
-- column: direction | TEXT | inbound, outbound or internal.
-- column: is_private | BOOLEAN | Whether it is a private note between agents.
-- column: is_visible | BOOLEAN | Whether it takes part in conversation activity: counted, searched and averaged.
-- extra: agent_name | TEXT | Name of the agent.
-- extra: broadcast_id | TEXT | Broadcast that it delivers.
-- extra: received_at | TIMESTAMP | When Chatlake received it.
-- example: SELECT sent_at, sender_type, content, score FROM conversation_detail('cb_1', 'c2', '{"as_of":"2026-03-12T16:00:00Z"}');
SELECT
  facts.message_id,
  facts.sent_at,
  facts.sender_type,
  facts.agent_id,
  facts.content,
  facts.score,
  CASE WHEN facts.role = 'user' THEN coalesce(sentiment_label(facts.score), given.sentiment_label) END AS sentiment_label,
  facts.behavior_flags,
  facts.quality_flags,
  facts.intent,
  facts.topics,
  facts.role,
  facts.direction,
  facts.is_private,
  facts.is_visible,
  agents.name AS agent_name,
  facts.broadcast_id,
  facts.received_at
FROM message_facts AS facts
LEFT JOIN annotations AS given
  ON given.chatbot_id = facts.chatbot_id
  AND given.conversation_id = facts.conversation_id
  AND given.message_id = facts.message_id
LEFT JOIN agents
  ON agents.account_id = $account_id
  AND agents.agent_id = facts.agent_id
WHERE facts.conversation_id = $conversation_id
ORDER BY
  facts.sent_at,
  CASE facts.role WHEN 'user' THEN 1 WHEN 'assistant' THEN 2 ELSE 3 END,
  facts.ingest_seq
