// What `openapi/generators/test` runs with the generated client for fetch.

import { Configuration, MessagesApi, ResponseError, SessionsApi } from "./src";

declare const process: { env: Record<string, string> };

async function main(): Promise<void> {
  const { OPENWA_BASE_URL, OPENWA_API_KEY, SESSION_ID: sessionId, CHAT_ID: chatId, TEXT: text } = process.env;
  const configuration = new Configuration({ basePath: OPENWA_BASE_URL, apiKey: OPENWA_API_KEY });
  const sessions = new SessionsApi(configuration);
  const messages = new MessagesApi(configuration);

  const [first] = await sessions.listSessions();
  console.log("session", first.name, first.status);

  const sent = await messages.sendText({ sessionId, sendText: { chatId, text }, idempotencyKey: "typescript" });
  console.log("sent", sent.messageId);

  const stored = await messages.listMessages({ sessionId, messageId: sent.messageId });
  console.log("stored", stored.messages[0].body);

  try {
    await sessions.getSession({ sessionId: "00000000-0000-7000-8000-000000000000" });
    throw new Error("there is such a session");
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    console.log("refused", error.response.status);
  }
}

main();
