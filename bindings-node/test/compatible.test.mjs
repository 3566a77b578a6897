// OpenWAClient: the names of OpenWA's own SDK, and what its users rely on.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";

import { Gateway, required, sdk, SESSION } from "./harness.mjs";

/** The resources and methods of OpenWA's SDK, with how many arguments each takes at least, as its contract lists them. */
const NAMES = {
  calls: "rejectCall/2 createLink/2",
  catalog: "info/1 products/1 product/2 sendProduct/2",
  channels: "list/1 get/2 messages/2 create/2 delete/2 mute/3 subscribe/2 unsubscribe/2 demoteAdmin/3 transferOwnership/3",
  chats: "list/1 markRead/2 markUnread/2 archive/2 pin/2 mute/2 clearMessages/2 delete/2 sendState/2 subscribePresence/2 getPresence/2",
  contacts: "list/1 get/2 check/2 profilePicture/2 profilePictures/2 phone/2 upsert/3 delete/2 block/2 unblock/2 listBlocked/1",
  groups:
    "list/1 get/2 create/2 addParticipants/3 removeParticipants/3 promoteParticipants/3 demoteParticipants/3 setSubject/3 " +
    "setDescription/3 leave/2 getPicture/2 setPicture/3 deletePicture/2 inviteCode/2 revokeInviteCode/2 joinInfo/2 joinGroup/2 " +
    "getGroupSettings/2 updateGroupSettings/3 getMembershipRequests/2 approveMembershipRequests/2 rejectMembershipRequests/2",
  health: "check/0 live/0 ready/0",
  labels: "list/1 get/2 chats/2 upsert/3 delete/2 forChat/2 addToChat/3 removeFromChat/3",
  media: "conversionStatus/1 convertVoice/2 convertVideo/2",
  messages:
    "list/1 sendText/2 sendImage/2 sendVideo/2 sendAudio/2 sendDocument/2 sendSticker/2 sendLocation/2 sendContact/2 sendPoll/2 " +
    "sendTemplate/2 reply/2 clickButton/2 forward/2 react/2 delete/2 editMessage/2 pin/2 unpin/2 star/2 votePoll/2 history/2 " +
    "reactions/3 media/3 sendBulk/2 batchStatus/2 cancelBatch/2",
  profile: "setProfileName/2 setProfileStatus/2 setProfilePicture/2 deleteProfilePicture/1",
  search: "search/1",
  sessions:
    "list/0 get/1 create/1 delete/1 start/1 stop/1 logout/1 forceKill/1 getQrCode/1 requestPairingCode/2 stats/0 getConfig/1 " +
    "updateConfig/2 getProxy/1 updateProxy/2 setOnlinePresence/2",
  status: "list/1 fromContact/2 media/2 sendText/2 sendImage/2 sendVideo/2 sendVoice/2 delete/2",
  templates: "list/1 get/2 create/2 update/3 delete/2",
  webhooks: "listAll/0 deliveryFailures/0 redriveDeliveryFailures/0 list/1 get/2 create/2 update/3 delete/2 test/2",
};

for (const transport of ["native", "fetch"]) {
  describe(`OpenWAClient over ${transport}`, { timeout: 60_000 }, () => {
    let server;
    let requests;
    let answer;
    before(async () => {
      server = createServer(async (request, response) => {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        requests.push({ method: request.method, url: request.url, headers: request.headers, body: String(Buffer.concat(pieces)) });
        const { status = 200, body = "{}", headers = { "content-type": "application/json" } } = answer(request);
        response.writeHead(status, headers).end(status === 204 ? undefined : body);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
    });
    after(() => {
      server.close();
      server.closeAllConnections();
    });
    const client = (options = {}) => {
      requests = [];
      answer = () => ({});
      const baseUrl = `http://127.0.0.1:${server.address().port}/`;
      return new sdk.OpenWAClient({ baseUrl, apiKey: "owa_k1_test", ...(transport === "fetch" ? { fetch } : {}), ...options });
    };

    it("has every resource and method, and each makes one request", async () => {
      const all = client();
      for (const [resource, methods] of Object.entries(NAMES)) {
        const own = Object.getOwnPropertyNames(Object.getPrototypeOf(all[resource])).filter((it) => it !== "constructor");
        const listed = methods.split(" ").map((it) => it.split("/"));
        assert.deepEqual(own.sort(), listed.map(([name]) => name).sort(), resource);
        for (const [name, count] of listed) {
          requests = [];
          const parameters = Array.from({ length: Number(count) }, (_, index) => `id-${index}`);
          if (name === "profilePictures") parameters[1] = ["a", "b"];
          await all[resource][name](...parameters);
          assert.equal(requests.length, 1, `${resource}.${name}`);
          assert.match(requests[0].url, /^\/api\//);
        }
      }
    });

    it("sends key and content type with every request, and the body as it is given", async () => {
      const it = client({ defaultHeaders: { "X-Tenant": "north" } });
      await it.sessions.list({ limit: 10, name: undefined, offset: null });
      await it.messages.sendText(SESSION, { chatId: "1@c.us", text: "Grüße" });
      await it.groups.removeParticipants(SESSION, "1@g.us", ["2@c.us"]);
      await it.sessions.start(SESSION);
      for (const { headers } of requests) {
        assert.equal(headers["x-api-key"], "owa_k1_test");
        assert.equal(headers["content-type"], "application/json");
        assert.equal(headers["x-tenant"], "north");
        assert.equal(headers["idempotency-key"], undefined);
        assert.equal(headers.authorization, undefined);
      }
      assert.equal(requests[0].url, "/api/sessions?limit=10");
      assert.equal(requests[1].body, '{"chatId":"1@c.us","text":"Grüße"}');
      assert.equal(requests[2].url, `/api/sessions/${SESSION}/groups/1@g.us/participants`);
      assert.equal(requests[2].body, '{"participants":["2@c.us"]}');
      assert.equal(requests[3].body, "");
    });

    it("reads nothing as null, and what is no JSON as text", async () => {
      const it = client();
      answer = () => ({ status: 204 });
      assert.equal(await it.sessions.delete(SESSION), null);
      answer = () => ({ body: "" });
      assert.equal(await it.sessions.start(SESSION), null);
      answer = () => ({ body: "plain", headers: { "content-type": "text/plain" } });
      assert.equal(await it.request({ method: "GET", path: "/metrics" }), "plain");
      answer = () => ({ body: "\x00\xff", headers: { "content-type": "image/png" } });
      const { data, contentType } = await it.messages.media(SESSION, "1@c.us", "3EB0");
      assert.equal(contentType, "image/png");
      assert.ok(data instanceof ArrayBuffer && data.byteLength === 3);
    });

    it("fails by status, once, and never follows", async () => {
      const it = client();
      const classes = {
        400: sdk.OpenWAApiError,
        401: sdk.OpenWAAuthError,
        403: sdk.OpenWAForbiddenError,
        404: sdk.OpenWANotFoundError,
        409: sdk.OpenWAConflictError,
        429: sdk.OpenWARateLimitError,
        500: sdk.OpenWAApiError,
        501: sdk.OpenWANotImplementedError,
        503: sdk.OpenWAServiceUnavailableError,
      };
      for (const [status, Class] of Object.entries(classes)) {
        requests = [];
        const body = JSON.stringify({ statusCode: Number(status), message: ["one", "two"], error: "Kind", code: "CODE", retryAfterSeconds: 7 });
        answer = () => ({ status: Number(status), body, headers: { "content-type": "application/json", "retry-after": "1" } });
        const error = await it.sessions.get(SESSION).catch((reason) => reason);
        assert.ok(error instanceof Class && error instanceof required.OpenWAApiError, status);
        assert.equal(error.status, Number(status));
        assert.equal(error.errorKind, "Kind");
        assert.equal(error.code, "CODE");
        assert.equal(error.retryAfterSeconds, 7);
        assert.equal(error.headers.get("retry-after"), "1");
        assert.match(error.message, new RegExp(`^OpenWA API ${status} .* — GET /api/sessions/${SESSION}: one, two$`));
        assert.equal(requests.length, 1);
      }
      requests = [];
      answer = () => ({ status: 302, headers: { location: "/elsewhere" } });
      assert.equal((await it.sessions.get(SESSION).catch((reason) => reason)).status, 302);
      assert.equal(requests.length, 1);
      for (const id of ["", "..", " "]) await assert.rejects(it.sessions.get(id), sdk.OpenWAError);
    });
  });
}

describe("OpenWAClient", { timeout: 60_000 }, () => {
  it("times out as its own error", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = `http://127.0.0.1:${server.address().port}`;
    const client = new sdk.OpenWAClient({ baseUrl, apiKey: "k", timeoutMs: 100 });
    const error = await client.sessions.list().catch((reason) => reason);
    assert.ok(error instanceof sdk.OpenWATimeoutError);
    assert.equal(error.message, "Request timed out after 100ms");
    server.close();
    server.closeAllConnections();
  });

  it("needs an address and a key, and warns of an unencrypted one", async () => {
    assert.throws(() => new sdk.OpenWAClient({ baseUrl: "", apiKey: "k" }), /baseUrl is required/);
    assert.throws(() => new sdk.OpenWAClient({ baseUrl: "http://localhost", apiKey: "" }), /apiKey is required/);
    const warned = once(process, "warning");
    sdk.warnIfInsecureHttpUrl("http://gateway.example.org");
    assert.equal((await warned)[0].code, "OPENWA_INSECURE_HTTP");
    assert.equal(sdk.buildUrl("http://x/", "/api", { a: 1, b: null, c: false }), "http://x/api?a=1&c=false");
  });

  it("is the default export, of import and of require", () => {
    assert.equal(sdk.default, sdk.OpenWAClient);
    assert.equal(required.default, sdk.OpenWAClient);
  });

  it("does what it did against the real gateway", async () => {
    const gateway = await Gateway.start();
    try {
      const client = new sdk.OpenWAClient({ baseUrl: gateway.base, apiKey: gateway.key });
      assert.equal((await client.auth()).valid, true);
      const session = await gateway.session("old");
      assert.deepEqual((await client.sessions.list()).map((it) => it.id), [session.id]);
      const ada = await gateway.phone("Ada");
      const sent = await client.messages.sendText(session.id, { chatId: `${ada.number}@c.us`, text: "Hello" });
      assert.ok(sent.messageId);
      await gateway.message(ada, (it) => it.text === "Hello");
      assert.equal((await client.messages.list(session.id, { limit: 1 })).messages[0].body, "Hello");
      await assert.rejects(client.sessions.get(SESSION), sdk.OpenWANotFoundError);
      assert.equal((await client.health.check()).status, "ok");
      assert.equal(await client.sessions.delete(session.id), null);
    } finally {
      await gateway.stop();
    }
  });
});
