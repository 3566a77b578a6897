// A program over the whole surface, compiled strictly; what must be refused is marked.
import {
  OpenWA,
  OpenWAApiError,
  OpenWAError,
  verifyWebhook,
  type Chat,
  type GatewayEvent,
  type Message,
  type SentMessage,
  type Session,
} from "openwa";

export async function program(client: OpenWA, sessionId: string, signal: AbortSignal): Promise<string> {
  const session: Session = await client.sessions.create({ name: "shop" });
  const sent: SentMessage = await client.messages.sendText(
    sessionId,
    { chatId: "15551234567@c.us", text: "Hello" },
    { idempotencyKey: "order-1", signal, timeoutMs: 5000, maxRetries: 1 },
  );
  // @ts-expect-error a text needs a text
  await client.messages.sendText(sessionId, { chatId: "15551234567@c.us" });
  // @ts-expect-error a field that does not exist
  await client.messages.sendText(sessionId, { chatId: "15551234567@c.us", text: "x", colour: "red" });
  // @ts-expect-error a read takes no idempotency key
  await client.sessions.get(sessionId, { idempotencyKey: "x" });
  await client.messages.sendImage(sessionId, { chatId: "1@c.us", file: { path: "picture.jpg" }, caption: "A picture" });
  await client.messages.sendDocument(sessionId, { chatId: "1@c.us", file: Buffer.from("x"), filename: "x.txt" });
  await client.messages.sendDocument(sessionId, { chatId: "1@c.us", url: "https://example.org/x.pdf" });
  // @ts-expect-error a file or an address, not both
  await client.messages.sendDocument(sessionId, { chatId: "1@c.us", url: "https://example.org/x.pdf", file: Buffer.from("x") });

  const page: { messages: Message[]; total: number } = await client.messages.list(sessionId, { limit: 10, type: "image" });
  for await (const chat of client.chats.list(sessionId)) {
    const one: Chat = chat;
    console.log(one.id);
  }
  for await (const event of client.events.stream({ sessionId }, { signal })) {
    show(event);
    if (event.event === "session.status" && event.data.status === "ready") break;
  }
  const media = await client.messages.downloadMedia(sessionId, "1@c.us", sent.messageId);
  for await (const piece of media) console.log(piece.length);
  try {
    await client.sessions.delete(session.id);
  } catch (error) {
    if (error instanceof OpenWAApiError && error.status === 404) return error.code ?? "";
    if (error instanceof OpenWAError) return error.kind;
    throw error;
  }
  return String(page.total);
}

function show(event: GatewayEvent): void {
  switch (event.event) {
    case "message.received":
      console.log(event.data.body, event.data.chatId);
      break;
    case "message.ack":
      console.log(event.data.status);
      // @ts-expect-error an acknowledgement has no body
      console.log(event.data.body);
      break;
    default:
      console.log(event.seq);
  }
}

export function receive(body: Buffer, headers: Record<string, string | string[] | undefined>): string {
  const delivery = verifyWebhook(body, headers, "a secret of sixteen or more");
  return delivery.event === "message.received" ? delivery.data.body : delivery.deliveryId;
}
