-- The account of a chatbot, with the time zone and the weekly hours that its pages go by.
SELECT
  chatbots.account_id,
  accounts.timezone,
  accounts.business_hours
FROM chatbots
LEFT JOIN accounts
  ON accounts.account_id = chatbots.account_id
WHERE chatbots.chatbot_id = $chatbot_id
