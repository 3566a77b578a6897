// Webhooks: the vectors that every SDK agrees on, and a real delivery.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, it } from "node:test";

import { Gateway, root, sdk } from "./harness.mjs";

const { cases } = JSON.parse(await readFile(join(root, "tests/sdk/webhook_vectors.json"), "utf8"));

describe("webhook vectors", () => {
  for (const { name, body, headers, secrets, now, tolerance, result } of cases) {
    it(`webhook_vectors: ${name}`, () => {
      const options = { now: new Date(now * 1000), toleranceSeconds: tolerance };
      const shapes = [headers, new Headers(headers), Object.entries(headers)];
      for (const shape of shapes) {
        for (const bytes of [body, Buffer.from(body)]) {
          const check = () => sdk.checkWebhook(bytes, shape, secrets, options);
          if (result === "ok") check();
          else assert.throws(check, { fault: result, name: "OpenWAWebhookError" });
        }
      }
    });
  }

  it("there are cases of each result", () => {
    const results = new Set(cases.map((it) => it.result));
    assert.deepEqual([...results].sort(), ["malformed", "missing", "ok", "too_new", "too_old", "wrong"]);
  });

  it("a good delivery is read as its event, and what is none is refused", () => {
    const { body, headers, secrets } = cases.find((it) => it.name === "OpenWA: good");
    const delivery = sdk.verifyWebhook(body, headers, secrets[0]);
    assert.equal(delivery.event, "message.received");
    assert.match(delivery.data.body, /^Grüße/);
    assert.throws(() => sdk.parseWebhook("{"), { fault: "unreadable" });
    assert.throws(() => sdk.parseWebhook("[]"), { fault: "unreadable" });
  });

  it("the check of OpenWA's own SDK says yes or no", async () => {
    const { body, headers, secrets } = cases.find((it) => it.name === "OpenWA: good");
    assert.equal(await sdk.verifyWebhookSignature(body, headers["X-OpenWA-Signature"], secrets[0]), true);
    assert.equal(await sdk.verifyWebhookSignature(body, headers["X-OpenWA-Signature"], "another"), false);
    assert.equal(await sdk.verifyWebhookSignature(body, undefined, secrets[0]), false);
  });
});

describe("a delivery of the real gateway", { timeout: 120_000 }, () => {
  it("is verified, and typed", async () => {
    const secret = "a secret of sixteen or more";
    const gateway = await Gateway.start({ SSRF_ALLOWED_HOSTS: "127.0.0.1" });
    const receiver = createServer().listen(0, "127.0.0.1");
    try {
      await once(receiver, "listening");
      const received = new Promise((resolve, reject) => {
        receiver.on("request", async (request, response) => {
          const pieces = [];
          for await (const piece of request) pieces.push(piece);
          response.end();
          try {
            resolve(sdk.verifyWebhook(Buffer.concat(pieces), request.headers, secret));
          } catch (error) {
            reject(error);
          }
        });
      });
      const client = gateway.client();
      const session = await gateway.session("hooks");
      const url = `http://127.0.0.1:${receiver.address().port}/`;
      await client.webhooks.create(session.id, { url, secret, events: ["message.received"] });
      const ada = await gateway.phone("Ada");
      await gateway.sandbox("POST", `/phones/${ada.id}/messages`, { chat: `${session.phone}@c.us`, text: "Grüße" });
      const delivery = await received;
      assert.equal(delivery.event, "message.received");
      assert.equal(delivery.data.body, "Grüße");
    } finally {
      receiver.close();
      receiver.closeAllConnections();
      await gateway.stop();
    }
  });
});
