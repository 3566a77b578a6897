// The rows of tests/sdk/behaviours.md that need the real gateway on its sandbox network, for each transport.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { all, Gateway, sdk, SESSION } from "./harness.mjs";

const MEBIBYTE = 1024 * 1024;

describe("the real gateway", { timeout: 300_000 }, () => {
  let gateway;
  let session;
  let ada;
  let chat;
  before(async () => {
    gateway = await Gateway.start({ BODY_SIZE_LIMIT: "100mb", MEDIA_DOWNLOAD_MAX_BYTES: "100mb" });
    session = await gateway.session("shop");
    ada = await gateway.phone("Ada", "15551234567");
    chat = "15551234567@c.us";
  });
  after(() => gateway?.stop());

  for (const transport of ["native", "fetch"]) {
    describe(`${transport} transport`, () => {
      let client;
      before(() => (client = gateway.client({ transport })));
      const send = (text, options) => client.messages.sendText(session.id, { chatId: chat, text }, options);

      it("idempotency_given", async () => {
        const options = { idempotencyKey: `order-1-${transport}` };
        const text = `once by ${transport}`;
        const [first, second] = [await send(text, options), await send(text, options)];
        assert.equal(first.messageId, second.messageId);
        await send(`and then by ${transport}`);
        await gateway.message(ada, (it) => it.text === `and then by ${transport}`);
        const messages = await gateway.sandbox("GET", `/phones/${ada.id}/messages?limit=1000`);
        assert.equal(messages.filter((it) => it.text === text).length, 1);
      });

      it("idempotency_reused", async () => {
        const options = { idempotencyKey: `order-2-${transport}` };
        await send("one text", options);
        await assert.rejects(send("another text", options), { code: "IDEMPOTENCY_KEY_REUSED", kind: "invalid_request" });
      });

      it("paging_cursor", async () => {
        await Promise.all(Array.from({ length: 10 }, (_, index) => send(`page ${index}`)));
        const numbers = (await all(client.events.list(session.id, { limit: 7 }))).map((it) => it.seq);
        assert.ok(numbers.length > 14);
        assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
      });

      it("error_real", async () => {
        const wrong = gateway.client({ transport, apiKey: "owa_k1_wrong" });
        await assert.rejects(wrong.sessions.list().then(), { kind: "authentication", status: 401 });
        await assert.rejects(client.sessions.get(SESSION), { kind: "not_found", code: "SESSION_NOT_FOUND" });
        await assert.rejects(send("x".repeat(5000)), { kind: "invalid_request", status: 400 });
        const body = { chatId: chat, text: "x", linkPreview: false, customLinkPreview: { url: "https://example.org", title: "x" } };
        await assert.rejects(client.messages.sendText(session.id, body), { kind: "invalid_request", status: 400 });
      });

      it("unicode", async () => {
        const text = `Grüße, مرحبا, 👩🏽‍🚀👨‍👩‍👧‍👦, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{10ffff} "\\\n by ${transport}`;
        const sent = await send(text);
        assert.equal((await gateway.message(ada, (it) => it.text?.includes("مرحبا") && it.text.endsWith(transport))).text, text);
        const list = await client.messages.list(session.id, { messageId: sent.messageId });
        assert.equal(list.messages[0].body, text);
      });

      it("event_typed", async () => {
        const stream = client.events.stream({ sessionId: session.id, types: "message.received" });
        const next = stream.next();
        const text = `typed by ${transport}`;
        // The stream begins when the gateway has answered; what is sent before, it does not show.
        const found = (async () => {
          for (let event = (await next).value; ; event = (await stream.next()).value) {
            if (event.event === "message.received" && event.data.body === text) return event;
          }
        })();
        let isFound = false;
        found.finally(() => (isFound = true));
        while (!isFound) {
          await gateway.sandbox("POST", `/phones/${ada.id}/messages`, { chat: `${session.phone}@c.us`, text });
          await client.sessions.get(session.id);
        }
        const event = await found;
        stream.close();
        assert.equal(event.data.chatId, chat);
        assert.equal(event.data.type, "text");
        assert.equal(event.sessionId, session.id);
      });

      it("media_64_mib", async () => {
        const path = join(gateway.folder, `${transport}.bin`);
        const hash = createHash("sha256");
        const file = await open(path, "w");
        for (let index = 0; index < 64; index += 1) {
          const block = randomBytes(MEBIBYTE);
          hash.update(block);
          await file.write(block);
        }
        await file.close();
        const expected = hash.digest("hex");
        globalThis.gc?.();
        const before = process.memoryUsage().rss;
        let most = before;
        const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
        const body = { chatId: chat, filename: "large.bin", mimetype: "application/octet-stream", file: { path } };
        const sent = await client.messages.sendDocument(session.id, body, { timeoutMs: 120_000 });
        await rm(path);
        const media = await client.messages.downloadMedia(session.id, chat, sent.messageId, { timeoutMs: 120_000 });
        assert.equal(await media.save(path), 64 * MEBIBYTE);
        clearInterval(watch);
        const found = createHash("sha256");
        for await (const block of createReadStream(path)) found.update(block);
        assert.equal(found.digest("hex"), expected);
        // What `fetch` itself takes up is its own.
        if (transport === "native") assert.ok(most - before < 32 * MEBIBYTE, `it grew by ${(most - before) / MEBIBYTE} MiB`);
      });

      it("event_restart", async () => {
        const stream = client.events.stream({ sessionId: session.id, types: "message.sent", after: 0 });
        const found = [];
        const until = async (text) => {
          for (;;) {
            const { value } = await stream.next();
            found.push(value.data.body);
            if (value.data.body === text) return;
          }
        };
        await send(`before the restart, ${transport}`);
        await until(`before the restart, ${transport}`);
        const next = until(`after the restart, ${transport}`);
        await gateway.restart();
        const ready = client.events.stream({ sessionId: session.id, types: "session.status", after: 0 });
        while ((await client.sessions.get(session.id)).status !== "ready") await ready.next();
        ready.close();
        await send(`after the restart, ${transport}`);
        await next;
        stream.close();
        const sent = (await all(client.events.list(session.id, { types: "message.sent" }))).map((it) => it.data.body);
        assert.deepEqual(found, sent.slice(0, found.length));
      });
    });
  }

  it("native: events over a WebSocket", async () => {
    const stream = gateway.client().events.stream({ sessionId: session.id, after: 0 }, { carrier: "websocket" });
    assert.equal((await all(stream, 3)).length, 3);
    const other = gateway.client({ transport: "fetch" }).events.stream({}, { carrier: "websocket" });
    await assert.rejects(other.next(), { kind: "configuration" });
  });

  it("a call below the methods gives back all that came", async () => {
    const answer = await gateway.client().request({ method: "GET", path: "/api/sessions", query: { limit: 1 } });
    assert.equal(answer.status, 200);
    assert.ok(answer.requestId);
    assert.equal(answer.data[0].id, session.id);
    assert.ok(sdk.VERSION);
  });
});
