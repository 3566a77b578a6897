// Receives OpenWA's webhooks, checks their signature, and prints them.
//
//     node webhook_receiver.mjs 9000 a-secret-of-16-or-more
//
// Register it with {"url": "http://127.0.0.1:9000/", "events": ["*"], "secret": "a-secret-of-16-or-more"}.

import { createServer } from "node:http";

import { OpenWAWebhookError, verifyWebhook } from "openwa";

const [, , port = "9000", secret = "a-secret-of-16-or-more"] = process.argv;
const LARGEST_BODY = 8 * 1024 * 1024;

const server = createServer(async (request, response) => {
  response.statusCode = await receive(request).catch(() => 500);
  response.end();
});
server.listen(Number(port), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}/`));

async function receive(request) {
  const body = await whole(request);
  if (body === undefined) return 413;
  let event;
  try {
    // The signature covers the exact bytes: nothing may parse them before.
    event = verifyWebhook(body, request.headers, secret);
  } catch (error) {
    if (!(error instanceof OpenWAWebhookError)) throw error;
    console.log(`refused: ${error.message}`);
    return 401;
  }
  const { from = "", body: text, status } = event.data;
  console.log(event.event, from, text ?? status ?? "");
  // A delivery may come twice with the same idempotencyKey; whoever acts on it should remember the key.
  return 200;
}

async function whole(request) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > LARGEST_BODY) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
