// The rows of tests/sdk/behaviours.md that need a gateway that misbehaves, for each transport.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";

import { all, deadPort, Faulty, sdk, SESSION } from "./harness.mjs";

const TEXT = { chatId: "15550000002@c.us", text: "Hello" };
const CHAT = { chatId: "15550000002@c.us" };

for (const transport of ["native", "fetch"]) {
  describe(`${transport} transport, a gateway that misbehaves`, { timeout: 120_000 }, () => {
    let faulty;
    let folder;
    before(async () => {
      faulty = await Faulty.start();
      folder = await mkdtemp(join(tmpdir(), "openwa-node-"));
    });
    after(async () => {
      await faulty.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const against = (steps, options) => faulty.client(steps, { transport, ...options });
    const fails = async (promise, expected) => {
      const error = await promise.then(
        (value) => assert.fail(`it did not fail but gave ${inspect(value)}`),
        (reason) => reason,
      );
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(error[name], value, `${name} of ${inspect(error)}`);
      return error;
    };
    const keys = (log) => log.map((it) => it.headers["idempotency-key"]);

    it("retry_read", async () => {
      const { client, log } = against("503:DRAINING+drop+ok");
      assert.equal((await client.messages.list(SESSION)).total, 7);
      assert.equal((await log()).length, 3);
    });

    it("retry_half_answer", async () => {
      const { client, log } = against("half+ok");
      assert.equal((await client.messages.list(SESSION)).total, 7);
      assert.equal((await log()).length, 2);
    });

    it("retry_send", async () => {
      const { client, log } = against("drop+503:UNCONFIRMED+ok");
      await client.messages.sendText(SESSION, TEXT);
      const sent = keys(await log());
      assert.equal(sent.length, 3);
      assert.match(sent[0], /^[!-~]{1,255}$/);
      assert.equal(new Set(sent).size, 1);
    });

    it("retry_in_progress", async () => {
      const { client, log } = against("drop+409:IDEMPOTENCY_KEY_IN_PROGRESS+ok");
      await client.messages.sendText(SESSION, TEXT);
      assert.equal((await log()).length, 3);
    });

    it("retry_first_in_progress", async () => {
      const { client, log } = against("409:IDEMPOTENCY_KEY_IN_PROGRESS");
      await fails(client.messages.sendText(SESSION, TEXT), { kind: "conflict", status: 409 });
      assert.equal((await log()).length, 1);
    });

    it("retry_after", async () => {
      const { client } = against("429:RATE_LIMITED:1+ok");
      const begin = performance.now();
      await client.messages.list(SESSION);
      assert.ok(performance.now() - begin >= 995);
    });

    it("retry_after_date", async () => {
      const { client } = against("date:429:2+ok");
      const begin = performance.now();
      await client.messages.list(SESSION);
      assert.ok(performance.now() - begin >= 800);
    });

    it("retry_after_too_long", async () => {
      const { client, log } = against("429:RATE_LIMITED:3600");
      const error = await fails(client.messages.list(SESSION), { kind: "rate_limited", retryAfter: 3600, code: "RATE_LIMITED" });
      assert.equal(error.retryAfterSeconds, 3600);
      assert.equal((await log()).length, 1);
    });

    it("retry_ends", async () => {
      const { client, log } = against("503");
      await fails(client.messages.list(SESSION), { kind: "unavailable", status: 503 });
      assert.equal((await log()).length, 3);
    });

    it("retry_none", async () => {
      const { client, log } = against("503", { maxRetries: 0 });
      await fails(client.messages.list(SESSION), { kind: "unavailable" });
      assert.equal((await log()).length, 1);
    });

    it("retry_write", async () => {
      const { client, log } = against("drop");
      await fails(client.chats.markRead(SESSION, CHAT), { kind: "connection" });
      assert.equal((await log()).length, 1);
    });

    it("retry_refused", async () => {
      const client = new sdk.OpenWA({ baseUrl: `http://127.0.0.1:${await deadPort()}`, apiKey: "k", transport, maxRetries: 1 });
      const begin = performance.now();
      await fails(client.chats.markRead(SESSION, CHAT), { kind: "connection" });
      assert.ok(performance.now() - begin >= 245, "a second attempt is made after a pause");
    });

    it("retry_client_error", async () => {
      const { client, log } = against("400:INVALID_INPUT");
      await fails(client.messages.list(SESSION), { kind: "invalid_request", code: "INVALID_INPUT" });
      assert.equal((await log()).length, 1);
    });

    it("idempotency_fresh", async () => {
      const { client, log } = against("ok");
      await client.messages.sendText(SESSION, TEXT);
      await client.messages.sendText(SESSION, TEXT);
      const sent = keys(await log());
      for (const key of sent) assert.match(key, /^[!-~]{1,255}$/);
      assert.equal(new Set(sent).size, 2);
      await fails(client.messages.sendText(SESSION, TEXT, { idempotencyKey: "a b" }), { kind: "configuration" });
    });

    it("paging_offset", async () => {
      const { client, log } = against("ok");
      const bodies = (await all(client.messages.list(SESSION, { limit: 3 }))).map((it) => it.body.split(" ")[1]);
      assert.deepEqual(bodies, ["0", "1", "2", "3", "4", "5", "6"]);
      assert.deepEqual((await log()).map((it) => it.query.offset), ["0", "3", "6"]);
    });

    it("paging_stop", async () => {
      const { client, log } = against("ok");
      assert.equal((await all(client.messages.list(SESSION, { limit: 3 }), 2)).length, 2);
      assert.equal((await log()).length, 1);
    });

    it("paging_error", async () => {
      const { client } = against("ok+400");
      const found = [];
      await fails(
        (async () => {
          for await (const message of client.messages.list(SESSION, { limit: 3 })) found.push(message);
        })(),
        { kind: "invalid_request" },
      );
      assert.equal(found.length, 3);
    });

    it("error_kinds", async () => {
      const kinds = {
        400: ["invalid_request", "OpenWAInvalidRequestError"],
        401: ["authentication", "OpenWAAuthError"],
        403: ["forbidden", "OpenWAForbiddenError"],
        404: ["not_found", "OpenWANotFoundError"],
        409: ["conflict", "OpenWAConflictError"],
        422: ["invalid_request", "OpenWAInvalidRequestError"],
        429: ["rate_limited", "OpenWARateLimitError"],
        500: ["server", "OpenWAServerError"],
        501: ["not_implemented", "OpenWANotImplementedError"],
        502: ["unavailable", "OpenWAServiceUnavailableError"],
        503: ["unavailable", "OpenWAServiceUnavailableError"],
        504: ["unavailable", "OpenWAServiceUnavailableError"],
      };
      for (const [status, [kind, name]] of Object.entries(kinds)) {
        const { client } = against(`${status}:SOME_CODE`, { maxRetries: 0 });
        const expected = { kind, name, status: Number(status), code: "SOME_CODE" };
        const error = await fails(client.messages.list(SESSION), expected);
        assert.ok(error instanceof sdk[name] && error instanceof sdk.OpenWAApiError && error instanceof sdk.OpenWAError);
        assert.match(error.message, new RegExp(`asked to fail with ${status}`));
        assert.match(error.requestId, /^faulty-\d+$/);
        assert.equal(error.body.statusCode, Number(status));
        assert.equal(error.headers.get("content-type"), "application/json");
      }
    });

    it("error_connection", async () => {
      const client = new sdk.OpenWA({ baseUrl: `http://127.0.0.1:${await deadPort()}`, apiKey: "k", transport, maxRetries: 0 });
      const error = await fails(client.messages.list(SESSION), { kind: "connection", name: "OpenWAConnectionError" });
      assert.match(error.message, /base URL/);
      assert.ok(error.cause instanceof Error);
    });

    it("error_timeout", async () => {
      const { client } = against("stall", { timeoutMs: 300, maxRetries: 0 });
      const begin = performance.now();
      await fails(client.messages.list(SESSION), { kind: "timeout", name: "OpenWATimeoutError" });
      const took = performance.now() - begin;
      assert.ok(took >= 290 && took < 5000, `${took}`);
    });

    it("error_timeout_body", async () => {
      const { client } = against("stall-body", { timeoutMs: 300, maxRetries: 0 });
      await fails(client.messages.list(SESSION), { kind: "timeout" });
    });

    it("error_garbage", async () => {
      const { client } = against("garbage");
      await fails(client.messages.sendText(SESSION, TEXT), { kind: "decode", name: "OpenWADecodeError", status: 200 });
    });

    it("error_html", async () => {
      const { client } = against("html");
      const error = await fails(client.messages.list(SESSION), { kind: "decode", status: 200 });
      assert.match(error.message, /base URL/);
      assert.match(error.body, /Welcome to the proxy/);
    });

    it("error_endless", async () => {
      const { client } = against("endless", { longestAnswer: 1024 * 1024, maxRetries: 0 });
      const before = process.memoryUsage().rss;
      await fails(client.messages.list(SESSION), { kind: "decode" });
      assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
    });

    it("error_redirect", async () => {
      const { client } = against("redirect");
      const error = await fails(client.messages.list(SESSION), { kind: "configuration", status: 302 });
      assert.match(error.message, /\/stolen\/ok\//);
      assert.deepEqual(await faulty.log("stolen"), []);
    });

    it("error_secret", async () => {
      const { client } = against("401");
      const error = await fails(client.messages.list(SESSION), { kind: "authentication" });
      for (const text of [error.message, error.stack, inspect(error, { depth: 9 }), inspect(client, { depth: 9, showHidden: true })]) {
        assert.doesNotMatch(text, /owa_k1_secret/);
      }
    });

    it("error_local", async () => {
      const { client, log } = against("ok");
      for (const id of ["", " ", ".", "..", undefined]) {
        await fails(client.sessions.get(id), { kind: "configuration" });
      }
      assert.deepEqual(await log(), []);
    });

    it("call_headers", async () => {
      const { client, log } = against("ok", { headers: { "X-Tenant": "north" } });
      await client.messages.list(SESSION, {}, { headers: { "X-Trace": "1" } });
      const [{ headers }] = await log();
      assert.equal(headers["x-api-key"], "owa_k1_secret");
      assert.equal(headers["x-tenant"], "north");
      assert.equal(headers["x-trace"], "1");
      assert.match(headers["user-agent"], /^openwa-node\/\d+\.\d+\.\d+ \(/);
    });

    it("call_timeout", async () => {
      const { client } = against("slow:1", { timeoutMs: 200 });
      await client.messages.list(SESSION, {}, { timeoutMs: 5000 });
    });

    it("call_parallel", async () => {
      const { client, log } = against("ok");
      const pages = await Promise.all(Array.from({ length: 64 }, () => client.messages.list(SESSION)));
      assert.ok(pages.every((it) => it.messages.length === 7));
      assert.equal((await log()).length, 64);
    });

    it("cancel", async () => {
      const { client } = against("stall+ok");
      const controller = new AbortController();
      const call = client.messages.list(SESSION, {}, { signal: controller.signal }).then();
      const reason = new Error("the user went away");
      setTimeout(() => controller.abort(reason), 50);
      const begin = performance.now();
      await assert.rejects(call, (error) => error === reason);
      assert.ok(performance.now() - begin < 2000);
      assert.equal((await client.messages.list(SESSION)).total, 7);
      await assert.rejects(client.messages.list(SESSION, {}, { signal: AbortSignal.abort() }).then(), { name: "AbortError" });
    });

    it("unknown_values", async () => {
      const { client } = against("events-unknown:1");
      const [event] = await all(client.events.stream(), 1);
      assert.equal(event.event, "weather.changed");
      assert.equal(event.data.body, "event 1");
    });

    const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 253));
    const SHA = createHash("sha256").update(CONTENT).digest("hex");
    const uploads = {
      path: async () => {
        await writeFile(join(folder, "Grüße.pdf"), CONTENT);
        return { file: { path: join(folder, "Grüße.pdf") } };
      },
      Buffer: () => ({ file: CONTENT, filename: "Grüße.pdf", mimetype: "application/pdf" }),
      Blob: () => ({ file: new Blob([CONTENT], { type: "application/pdf" }), filename: "Grüße.pdf" }),
      "Node stream": () => ({
        file: { stream: Readable.from(pieces(CONTENT)), size: CONTENT.length },
        filename: "Grüße.pdf",
        mimetype: "application/pdf",
      }),
      "web stream": () => ({
        file: { stream: new Blob([CONTENT]).stream(), size: CONTENT.length },
        filename: "Grüße.pdf",
        mimetype: "application/pdf",
      }),
      "stream of unknown size": () => ({
        file: Readable.from(pieces(CONTENT)),
        filename: "Grüße.pdf",
        mimetype: "application/pdf",
      }),
    };
    for (const [from, body] of Object.entries(uploads)) {
      it(`${from === "path" ? "upload_path" : "upload_stream"} (${from})`, async () => {
        const { client, log } = against("ok");
        await client.messages.sendDocument(SESSION, { ...CHAT, mentions: ["1@c.us"], ...(await body()) });
        const [{ file, fields, headers }] = await log();
        assert.deepEqual(file, { name: "Grüße.pdf", mimetype: "application/pdf", length: CONTENT.length, sha256: SHA });
        assert.equal(fields.chatId, CHAT.chatId);
        assert.equal(fields.mentions, "1@c.us");
        assert.ok(headers["idempotency-key"]);
      });
    }

    it("upload_retry", async () => {
      const { client, log } = against("drop+ok");
      await writeFile(join(folder, "again.pdf"), CONTENT);
      await client.messages.sendDocument(SESSION, { ...CHAT, file: { path: join(folder, "again.pdf") } });
      const requests = await log();
      assert.deepEqual(requests.map((it) => it.file.sha256), [SHA, SHA]);
      assert.equal(new Set(keys(requests)).size, 1);
    });

    it("upload_no_replay", async () => {
      const { client, log } = against("drop+ok");
      const file = { stream: Readable.from(pieces(CONTENT)), size: CONTENT.length };
      await fails(client.messages.sendDocument(SESSION, { ...CHAT, file }), { kind: "connection" });
      assert.equal((await log()).length, 1);
    });

    it("upload_missing", async () => {
      const { client, log } = against("ok");
      const file = { path: join(folder, "nowhere.pdf") };
      await fails(client.messages.sendDocument(SESSION, { ...CHAT, file }), { kind: "file", name: "OpenWAFileError" });
      assert.deepEqual(await log(), []);
    });

    it("a stream that breaks ends its upload", async () => {
      const { client } = against("ok", { maxRetries: 0 });
      async function* broken() {
        yield CONTENT.subarray(0, 1000);
        throw new Error("the disk is gone");
      }
      const file = { stream: broken(), size: CONTENT.length };
      const error = await client.messages.sendDocument(SESSION, { ...CHAT, file }).catch((reason) => reason);
      assert.ok(["file", "connection"].includes(error.kind), inspect(error));
    });

    const MILLION = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251));

    it("download_file", async () => {
      const { client } = against("bytes:1000000");
      const fetched = () => client.messages.downloadMedia(SESSION, CHAT.chatId, "3EB0");
      const download = await fetched();
      assert.equal(download.size, 1_000_000);
      assert.equal(download.fileName, "Grüße.bin");
      assert.equal(download.contentType, "application/octet-stream");
      assert.equal(await download.save(join(folder, "x.bin")), 1_000_000);
      assert.ok(MILLION.equals(await readFile(join(folder, "x.bin"))));
      assert.ok(MILLION.equals(await (await fetched()).buffer()));
      assert.ok(MILLION.equals(Buffer.concat(await all((await fetched()).stream()))));
      assert.ok(MILLION.equals(Buffer.from(await new Response((await fetched()).webStream()).arrayBuffer())));
      await fails((await fetched()).buffer(1000), { kind: "decode" });
      (await fetched()).cancel();
    });

    it("download_cut", async () => {
      const { client } = against("half-bytes:1000000");
      const download = await client.messages.downloadMedia(SESSION, CHAT.chatId, "3EB0");
      await fails(download.save(join(folder, "cut.bin")), { kind: "connection" });
      assert.deepEqual((await readdir(folder)).filter((it) => it.startsWith("cut")), []);
      const again = await client.messages.downloadMedia(SESSION, CHAT.chatId, "3EB0");
      await fails(again.buffer(), { kind: "connection" });
    });

    const ids = (events) => events.map((it) => it.seq);
    const lastIds = (log) => log.slice(1).map((it) => it.headers["last-event-id"]);

    it("event_resume", async () => {
      const { client, log } = against("events:3+503+events:2+events-hold:0");
      const stream = client.events.stream();
      assert.deepEqual(ids([...(await take(stream, 5))]), [1, 2, 3, 4, 5]);
      assert.equal(stream.lastEventId, "5");
      // The next one opens the connection that stays silent.
      const next = stream.next();
      const seen = await eventually(log, (it) => it.length === 4);
      stream.close();
      assert.deepEqual(await next, { done: true, value: undefined });
      assert.deepEqual(lastIds(seen), ["3", "3", "5"]);
    });

    it("event_again", async () => {
      const { client } = against("events:3+events-again:3+events-hold:0");
      assert.deepEqual(ids(await all(client.events.stream(), 5)), [1, 2, 3, 4, 5]);
    });

    it("event_cut", async () => {
      const { client } = against("events-cut:2+events:2+events-hold:0");
      assert.deepEqual(ids(await all(client.events.stream(), 4)), [1, 2, 3, 4]);
    });

    it("event_after", async () => {
      const { client } = against("events-hold:2");
      assert.deepEqual(ids(await all(client.events.stream({ after: 40 }), 2)), [41, 42]);
    });

    it("event_refused", async () => {
      const { client, log } = against("401");
      await fails(all(client.events.stream()), { kind: "authentication" });
      assert.equal((await log()).length, 1);
    });

    it("an event stream is aborted by its signal", async () => {
      const { client } = against("events-hold:1");
      const controller = new AbortController();
      const found = [];
      await assert.rejects(
        (async () => {
          for await (const event of client.events.stream({}, { signal: controller.signal })) {
            found.push(event.seq);
            setTimeout(() => controller.abort(), 20);
          }
        })(),
        { name: "AbortError" },
      );
      assert.deepEqual(found, [1]);
    });

    it("a closed client refuses calls, and ends those under way", async () => {
      const { client } = against("stall");
      const call = client.messages.list(SESSION).then();
      const stream = client.events.stream();
      setTimeout(() => client.close(), 50);
      await fails(call, { kind: "configuration" });
      await fails(client.sessions.list().then(), { kind: "configuration" });
      await fails(stream.next(), { kind: "configuration" });
    });

    it("call_proxy", async () => {
      const asked = [];
      const proxy = createServer((from, to) => {
        asked.push(from.url);
        const onwards = request(from.url, { method: from.method, headers: from.headers }, (answer) => {
          to.writeHead(answer.statusCode, answer.headers);
          answer.pipe(to);
        });
        from.pipe(onwards);
      }).listen(0, "127.0.0.1");
      await once(proxy, "listening");
      const address = `http://127.0.0.1:${proxy.address().port}`;
      try {
        if (transport === "fetch") {
          assert.throws(() => against("ok", { proxy: address }), { kind: "configuration" });
        } else {
          await against("ok", { proxy: address }).client.messages.list(SESSION);
          assert.equal(asked.length, 1);
          assert.match(asked[0], /^http:\/\/127\.0\.0\.1:\d+\/case-/);
        }
      } finally {
        proxy.close();
        proxy.closeAllConnections();
      }
    });
  });
}

function* pieces(content) {
  for (let at = 0; at < content.length; at += 70_000) yield content.subarray(at, at + 70_000);
}

async function take(stream, count) {
  const found = [];
  while (found.length < count) found.push((await stream.next()).value);
  return found;
}

async function eventually(read, isThere) {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const value = await read();
    if (isThere(value)) return value;
  }
  throw new Error("it did not come to that");
}
