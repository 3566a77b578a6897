// Answers every text with the same text.
//
//     node echo_bot.mjs SESSION
//
// OPENWA_BASE_URL and OPENWA_API_KEY say which gateway. The place in the log is kept in the file SESSION.place:
// what comes in while the bot is down is answered when it is back, and nothing is answered twice.

import { readFile, writeFile } from "node:fs/promises";

import { OpenWA } from "openwa";

const [, , session] = process.argv;
if (!session) {
  console.error("usage: node echo_bot.mjs SESSION");
  process.exit(2);
}

const client = new OpenWA();
const file = `${session}.place`;
const after = await readFile(file, "utf8").then(Number, () => undefined);

console.log(`echoing on ${session}`);
const events = client.events.stream({ sessionId: session, types: "message.received", after });
for await (const event of events) {
  if (event.event === "message.received") await echo(event);
  // Kept after the answer, so that a crash in between repeats the answer's call: its key makes that harmless.
  await writeFile(file, events.lastEventId);
}

async function echo({ sessionId, data: message }) {
  if (message.fromMe || message.isGroup || message.isStatusBroadcast || message.type !== "text") return;
  const body = { chatId: message.chatId, text: message.body, quotedMessageId: message.id };
  await client.messages.sendText(sessionId, body, { idempotencyKey: `echo-${message.id}` });
  console.log(`echoed to ${message.chatId}: ${message.body}`);
}
