-- page: explain_metric
-- doc: How a number came about: the records that it was made of, those that were left out with the reason, and in the last row the number itself, NULL where there is nothing to count. response_time explains response_time_s of analytics_agents for replies in the window: the message or assignment that starts each clock, then the reply with its seconds. avg_sentiment explains the average of the window: scored messages, then the mean of each conversation. active_sessions explains the sessions that are active at as_of, whatever the period. Options narrow the records: agent_id is the agent who replied or is assigned; it and session_no do not matter to avg_sentiment.
-- source: domain specification §5.4, §5.6, §7.3, §7.5
-- class: analytics
-- argument: metric | TEXT(response_time|avg_sentiment|active_sessions) | The number to explain.
-- option: agent_id | TEXT | NULL | Only this agent.
-- option: conversation_id | TEXT | NULL | Only this conversation.
-- option: user_id | TEXT | NULL | Only conversations of this user.
-- option: organization_id | TEXT | NULL | Only conversations of this client organization.
-- option: session_no | BIGINT | NULL | Only sessions with this number.
-- option: business_hours | BOOLEAN | false | Let response times count only seconds within the account's weekly business hours.
-- column: step | BIGINT | Place in the explanation, from 1; the last is the number itself.
-- column: rule | TEXT | What the record is to the number.
-- column: record_type | TEXT | message, assignment, conversation, session or result.
-- column: conversation_id | TEXT | Conversation of the record.
-- column: session_no | BIGINT | Session of the record, where sessions matter.
-- column: record_id | TEXT | Message or event inside the conversation; NULL for a conversation, a session and the result.
-- column: user_id | TEXT | User of the conversation.
-- column: agent_id | TEXT | Agent who wrote, was assigned or has the session.
-- column: at | TIMESTAMP | When the record happened; of a conversation its last message in the window, of a session its start.
-- column: value | DOUBLE | Seconds, sentiment, or 1 and 0 for active and not; of the result the number.
-- column: counted | BOOLEAN | Whether the number depends on the record.
-- column: reason | TEXT | Why not, where it does not.
-- example: SELECT step, rule, record_id, value, counted, reason FROM explain_metric('cb_1', 'last_7_days', 'response_time', agent_id => 'ag_1');
WITH told AS (
  -- Replies that are measured, what customers and agents wrote, and who was assigned: each read once and told apart by kind.
  SELECT
    'clock' AS kind,
    conversation_id,
    session_no,
    agent_id,
    message_id AS record_id,
    replied_at AS at,
    CAST(NULL AS BIGINT) AS ingest_seq,
    first_inbound_at,
    assigned_at,
    clock_start_at,
    CASE WHEN $business_hours THEN business_seconds ELSE response_seconds END AS seconds
  FROM response_times
  WHERE $metric = 'response_time'
  UNION ALL
  SELECT
    CASE direction WHEN 'inbound' THEN 'inbound' WHEN 'outbound' THEN 'reply' ELSE 'note' END AS kind,
    conversation_id,
    session_no,
    CASE WHEN direction <> 'inbound' THEN agent_id END AS agent_id,
    message_id AS record_id,
    sent_at AS at,
    ingest_seq,
    NULL AS first_inbound_at,
    NULL AS assigned_at,
    NULL AS clock_start_at,
    NULL AS seconds
  FROM session_messages
  WHERE
    $metric = 'response_time'
    AND (direction = 'inbound' OR sender_type = 'agent')
    -- Most conversations have no agent: what their customers wrote is not looked at.
    AND conversation_id IN (SELECT conversation_id FROM messages WHERE sender_type = 'agent')
  UNION ALL
  SELECT
    'assignment' AS kind,
    conversation_id,
    session_no,
    agent_id,
    event_id AS record_id,
    occurred_at AS at,
    ingest_seq,
    NULL AS first_inbound_at,
    NULL AS assigned_at,
    NULL AS clock_start_at,
    NULL AS seconds
  FROM assignments
  WHERE
    $metric = 'response_time'
    AND agent_changed
),
numbered AS (
  SELECT
    kind,
    conversation_id,
    session_no,
    agent_id,
    record_id,
    at,
    first_inbound_at,
    assigned_at,
    clock_start_at,
    seconds,
    row_number() OVER (PARTITION BY conversation_id, session_no, agent_id, kind ORDER BY at, ingest_seq) = 1 AS is_first
  FROM told
),
placed AS (
  -- Beside each of them the customer's first message of the session, and the agent's first reply and clock there.
  SELECT
    kind,
    conversation_id,
    session_no,
    agent_id,
    record_id,
    at,
    first_inbound_at,
    is_first,
    max(CASE WHEN kind = 'inbound' AND is_first THEN record_id END) OVER (
      PARTITION BY conversation_id, session_no
    ) AS first_inbound_id,
    min(CASE WHEN kind = 'reply' THEN at END) OVER pair AS first_reply_at,
    max(assigned_at) OVER pair AS last_assigned_at,
    max(clock_start_at) OVER pair AS clock_start_at,
    max(seconds) OVER pair AS seconds
  FROM numbered
  WINDOW pair AS (PARTITION BY conversation_id, session_no, agent_id)
),
response_lines AS (
  SELECT
    CASE kind WHEN 'clock' THEN 1 WHEN 'assignment' THEN 2 ELSE 3 END AS place,
    CASE kind
      WHEN 'clock' THEN 'the first message of the customer in the session starts the clock'
      WHEN 'assignment' THEN 'the last new assignment of the agent until the reply starts the clock, unless the customer first wrote after it'
      ELSE 'the first reply of the agent in the session stops the clock'
    END AS rule,
    CASE kind WHEN 'assignment' THEN 'assignment' ELSE 'message' END AS record_type,
    conversation_id,
    session_no,
    CASE kind WHEN 'clock' THEN first_inbound_id ELSE record_id END AS record_id,
    agent_id,
    CASE kind WHEN 'clock' THEN first_inbound_at ELSE at END AS at,
    CASE WHEN kind = 'reply' AND session_no IS NOT NULL AND is_first THEN seconds END AS value,
    kind = 'reply' AS is_term,
    CASE kind
      WHEN 'clock' THEN clock_start_at = first_inbound_at
      WHEN 'assignment' THEN session_no IS NOT NULL AND at IS NOT DISTINCT FROM clock_start_at
      ELSE kind = 'reply' AND session_no IS NOT NULL AND is_first AND seconds IS NOT NULL
    END AS counted,
    CASE
      WHEN kind = 'clock' THEN 'the agent was assigned later: the clock starts there'
      WHEN kind = 'note' THEN 'a private note is no reply'
      WHEN session_no IS NULL THEN 'it happened outside of any session'
      WHEN kind = 'reply' AND NOT is_first THEN 'the agent had replied before in the session'
      WHEN kind = 'reply' THEN 'the customer had not written before in the session'
      WHEN first_reply_at IS NULL THEN 'the agent never replied in the session'
      WHEN at > first_reply_at THEN 'the agent had replied before in the session'
      WHEN seconds IS NULL THEN 'the reply of the agent does not count'
      WHEN at < last_assigned_at THEN 'the agent was assigned again before the reply'
      ELSE 'the customer first wrote later: the clock starts there'
    END AS reason
  FROM placed
  WHERE
    kind = 'clock'
    OR (kind <> 'inbound' AND at >= $win_from AND at < $win_to)
    -- An assignment before the window may start the clock of a reply in it.
    OR (kind = 'assignment' AND at = last_assigned_at)
),
scored AS (
  -- Once per message and once per conversation, in one pass.
  SELECT
    facts.conversation_id,
    facts.message_id,
    facts.agent_id,
    facts.role,
    max(facts.sent_at) AS at,
    avg_score(facts.score) AS sentiment,
    max(annotations.sentiment_score) AS sentiment_of_answer
  FROM window_facts AS facts
  LEFT JOIN annotations
    ON annotations.conversation_id = facts.conversation_id
    AND annotations.message_id = facts.message_id
    AND facts.role = 'assistant'
  WHERE $metric = 'avg_sentiment'
  GROUP BY GROUPING SETS (
    (facts.conversation_id, facts.message_id, facts.agent_id, facts.role),
    (facts.conversation_id)
  )
),
sentiment_lines AS (
  SELECT
    CASE WHEN message_id IS NULL THEN 2 ELSE 1 END AS place,
    CASE
      WHEN message_id IS NULL THEN 'the mean of the scores of the conversation'
      ELSE 'the score of a message of the user'
    END AS rule,
    CASE WHEN message_id IS NULL THEN 'conversation' ELSE 'message' END AS record_type,
    conversation_id,
    CAST(NULL AS BIGINT) AS session_no,
    message_id AS record_id,
    agent_id,
    at,
    CASE WHEN role = 'assistant' THEN sentiment_of_answer ELSE sentiment END AS value,
    message_id IS NULL AS is_term,
    sentiment IS NOT NULL AS counted,
    CASE
      WHEN message_id IS NULL THEN 'no message of the user in the window is scored'
      WHEN role = 'assistant' THEN 'the sentiment of an answer is never averaged'
      ELSE 'the message is not scored'
    END AS reason
  FROM scored
  WHERE
    message_id IS NULL
    OR role = 'user'
    OR sentiment_of_answer IS NOT NULL
),
session_lines AS (
  SELECT
    1 AS place,
    'a session is active while it is open, and for 24 hours after it was resolved' AS rule,
    'session' AS record_type,
    conversation_id,
    session_no,
    CAST(NULL AS TEXT) AS record_id,
    agent_id,
    started_at AS at,
    CASE WHEN is_active THEN 1.0 ELSE 0.0 END AS value,
    TRUE AS is_term,
    is_active AS counted,
    'it ended 24 hours after it was resolved' AS reason
  FROM sessions
  WHERE
    $metric = 'active_sessions'
    AND ($inbox_id IS NULL OR inbox_id = $inbox_id)
),
lines AS (
  SELECT
    place,
    rule,
    record_type,
    conversation_id,
    session_no,
    record_id,
    agent_id,
    at,
    value,
    is_term,
    counted,
    reason
  FROM response_lines
  UNION ALL
  SELECT
    place,
    rule,
    record_type,
    conversation_id,
    session_no,
    record_id,
    agent_id,
    at,
    value,
    is_term,
    counted,
    reason
  FROM sentiment_lines
  UNION ALL
  SELECT
    place,
    rule,
    record_type,
    conversation_id,
    session_no,
    record_id,
    agent_id,
    at,
    value,
    is_term,
    counted,
    reason
  FROM session_lines
),
records AS (
  SELECT
    lines.place,
    lines.rule,
    lines.record_type,
    lines.conversation_id,
    lines.session_no,
    lines.record_id,
    coalesce(snapshot.user_id, 'anon:' || lines.conversation_id) AS user_id,
    lines.agent_id,
    lines.at,
    lines.value,
    lines.is_term,
    lines.counted,
    CASE WHEN NOT lines.counted THEN lines.reason END AS reason
  FROM lines
  LEFT JOIN conversation_snapshot AS snapshot
    ON snapshot.conversation_id = lines.conversation_id
  WHERE
    ($inbox_id IS NULL OR snapshot.inbox_id = $inbox_id)
    AND ($conversation_id IS NULL OR lines.conversation_id = $conversation_id)
    AND ($user_id IS NULL OR coalesce(snapshot.user_id, 'anon:' || lines.conversation_id) = $user_id)
    AND ($organization_id IS NULL OR snapshot.organization_id = $organization_id)
    AND ($agent_id IS NULL OR $metric = 'avg_sentiment' OR lines.agent_id = $agent_id)
    AND ($session_no IS NULL OR $metric = 'avg_sentiment' OR lines.session_no = $session_no)
),
explained AS (
  -- Every record, and over all of them the result.
  SELECT
    place,
    rule,
    record_type,
    conversation_id,
    session_no,
    record_id,
    user_id,
    agent_id,
    at,
    value,
    counted,
    reason,
    grouping(place) = 1 AS is_result,
    CASE $metric
      WHEN 'response_time' THEN
        CAST(sum(CAST(round(value * 1e6) AS DECIMAL(20, 0))) FILTER (WHERE is_term AND counted) AS DOUBLE)
        / (count(*) FILTER (WHERE is_term AND counted) * 1e6)
      WHEN 'avg_sentiment' THEN avg_score(value) FILTER (WHERE is_term AND counted)
      ELSE CAST(count(*) FILTER (WHERE is_term AND counted) AS DOUBLE)
    END AS result
  FROM records
  GROUP BY GROUPING SETS (
    (place, rule, record_type, conversation_id, session_no, record_id, user_id, agent_id, at, value, counted, reason),
    ()
  )
)
SELECT
  CAST(
    row_number() OVER (ORDER BY is_result, conversation_id, session_no, agent_id, place, at, record_id) AS BIGINT
  ) AS step,
  CASE
    WHEN NOT is_result THEN rule
    WHEN $metric = 'response_time' THEN 'mean of the seconds until the replies'
    WHEN $metric = 'avg_sentiment' THEN 'mean of the means of conversations'
    ELSE 'active sessions'
  END AS rule,
  CASE WHEN is_result THEN 'result' ELSE record_type END AS record_type,
  conversation_id,
  session_no,
  record_id,
  user_id,
  agent_id,
  at,
  CASE WHEN is_result THEN result ELSE value END AS value,
  is_result OR counted AS counted,
  reason
FROM explained
ORDER BY step
