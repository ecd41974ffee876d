-- Which chatbots belong to which account now.
SELECT
  account_id,
  chatbot_id
FROM chatbots
WHERE account_id IS NOT NULL
