// Tells a customer that an order is on its way, and waits until the phone has the message.
//
//     node order_notification.mjs SESSION order.json
//
// OPENWA_BASE_URL and OPENWA_API_KEY say which gateway. Run twice for one order, it sends once.

import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";
import { pathToFileURL } from "node:url";

import { OpenWA } from "openwa";

/** Sends the notification and answers the message's id; undefined when the number is not on WhatsApp. */
export async function notify(client, session, order) {
  const number = order.customer.phone.replaceAll(/\D/g, "");
  const check = await client.contacts.checkNumber(session, number);
  if (!check.exists) return undefined;
  const text = `Hello ${order.customer.name}, your order ${order.number} is on its way: ${order.tracking}`;
  const chatId = check.whatsappId ?? `${number}@c.us`;
  // The key belongs to the order, not to this call: whoever asks again, the customer reads it once.
  const sent = await client.messages.sendText(
    session,
    { chatId, text },
    { idempotencyKey: `order-${order.number}-shipped` },
  );
  return sent.messageId;
}

/** Waits until the message is on the customer's phone, or has failed for good. */
export async function outcome(client, session, messageId) {
  // From the log's beginning: what happened before this line is not missed.
  for await (const event of client.events.stream({ sessionId: session, types: "message.ack", after: 0 })) {
    if (event.event !== "message.ack" || event.data.messageId !== messageId) continue;
    if (["delivered", "read", "failed"].includes(event.data.status)) return event.data.status;
  }
  throw new Error("the gateway ended the stream");
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  const [, , session, file] = argv;
  if (!file) {
    console.error("usage: node order_notification.mjs SESSION order.json");
    exit(2);
  }
  const client = new OpenWA();
  const order = JSON.parse(await readFile(file, "utf8"));
  const messageId = await notify(client, session, order);
  if (messageId === undefined) {
    console.error(`${order.customer.phone} is not on WhatsApp`);
    exit(1);
  }
  console.log(`sent ${messageId}`);
  console.log(await outcome(client, session, messageId));
  client.close?.();
}
