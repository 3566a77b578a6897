// Passes on every file that comes in one chat to another one, as a stream: nothing is kept on this machine.
//
//     node media_relay.mjs SESSION 15551234567@c.us 120363000000000000@g.us
//
// OPENWA_BASE_URL and OPENWA_API_KEY say which gateway.

import { OpenWA } from "openwa";

const [, , session, from, to] = process.argv;
if (!to) {
  console.error("usage: node media_relay.mjs SESSION FROM-CHAT TO-CHAT");
  process.exit(2);
}

const client = new OpenWA();
const SEND = { image: "sendImage", video: "sendVideo", audio: "sendAudio", voice: "sendAudio", document: "sendDocument" };

console.log(`relaying from ${from} to ${to}`);
for await (const event of client.events.stream({ sessionId: session, types: "message.received" })) {
  if (event.event !== "message.received" || event.data.chatId !== from || event.data.fromMe) continue;
  const method = SEND[event.data.type];
  if (method !== undefined) await relay(event.data, method);
}

async function relay(message, method) {
  const media = await client.messages.downloadMedia(session, message.chatId, message.id);
  const body = { chatId: to, mimetype: message.media?.mimetype ?? media.contentType };
  if (media.fileName !== undefined) body.filename = media.fileName;
  if (message.body !== "" && method !== "sendAudio") body.caption = message.body;
  if (method === "sendAudio") body.ptt = message.type === "voice";
  // Of unknown size it is read whole first.
  body.file = media.size === undefined ? media : { stream: media, size: media.size };
  const sent = await client.messages[method](session, body, { idempotencyKey: `relay-${message.id}` });
  console.log(`relayed ${message.type} as ${sent.messageId}`);
}
