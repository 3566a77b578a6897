// The official MCP client against openwa-mcp. tests/tests/it/mcp.rs starts the gateway and says in the environment
// where everything is: OPENWA_BASE_URL, OPENWA_API_KEY, OPENWA_MCP (the program), SESSION and CHAT (ids), MESSAGES
// (how many are stored), and for `http` MCP_URL.
//
//   node client.mjs reading | writing | http

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { OPENWA_BASE_URL, OPENWA_API_KEY, OPENWA_MCP, SESSION, CHAT, MESSAGES, MCP_URL } = process.env;

const INVALID_PARAMS = -32602;

async function connected(transport, use) {
  const client = new Client({ name: "openwa-tests", version: "1.0.0" });
  await client.connect(transport);
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

function overStdio(use, args = [], environment = {}) {
  const env = { OPENWA_BASE_URL, OPENWA_API_KEY, ...environment };
  return connected(new StdioClientTransport({ command: OPENWA_MCP, args, env }), use);
}

function overHttp(headers, use) {
  return connected(new StreamableHTTPClientTransport(new URL(MCP_URL), { requestInit: { headers } }), use);
}

/** What a tool gives when it can. */
async function called(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, JSON.stringify(result));
  // Clients that know no structured content read the same as text.
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent;
}

/** The sentence of a tool that cannot. */
async function refused(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  assert.equal(result.isError, true, JSON.stringify(result));
  return result.content[0].text;
}

function reading() {
  test("it says what it is", () =>
    overStdio(async (client) => {
      assert.equal(client.getServerVersion().name, "openwa");
      assert.match(client.getInstructions(), /SessionFindAll/);
    }));

  test("without leave to write, every tool only reads", () =>
    overStdio(async (client) => {
      const { tools } = await client.listTools();
      const names = tools.map((it) => it.name);
      assert.ok(names.includes("SessionFindAll") && names.includes("MessageList"), names.join());
      assert.ok(!names.includes("MessageSendText"));
      for (const tool of tools) {
        assert.equal(tool.annotations.readOnlyHint, true, tool.name);
        assert.equal(tool.inputSchema.type, "object");
        assert.equal(tool.inputSchema.additionalProperties, false);
        assert.ok(!JSON.stringify(tool.inputSchema).includes("$ref"), tool.name);
        assert.ok(tool.description.length > 10 && tool.title.length > 3, tool.name);
      }
    }));

  test("it reads what the gateway has", () =>
    overStdio(async (client) => {
      const { items } = await called(client, "SessionFindAll");
      assert.deepEqual([items.length, items[0].id, items[0].status], [1, SESSION, "ready"]);
      const session = await called(client, "SessionFindOne", { sessionId: SESSION });
      assert.equal(session.name, "shop");
      const { items: chats } = await called(client, "SessionGetChats", { sessionId: SESSION, limit: 5 });
      assert.ok(chats.some((it) => it.id === CHAT), JSON.stringify(chats));
    }));

  test("a long list is cut, and says how to go on", () =>
    overStdio(async (client) => {
      const seen = new Set();
      let calls = 0;
      let offset = 0;
      while (offset !== undefined) {
        const args = { sessionId: SESSION, chatId: CHAT, limit: 100, offset };
        const result = await client.callTool({ name: "MessageList", arguments: args });
        assert.ok(JSON.stringify(result.structuredContent).length < 64 * 1024);
        for (const message of result.structuredContent.messages) seen.add(message.id);
        const next = /offset=(\d+)/.exec(result.structuredContent.note ?? "");
        offset = next ? Number(next[1]) : undefined;
        calls += 1;
      }
      assert.equal(seen.size, Number(MESSAGES));
      assert.ok(calls > 1, "nothing was cut");
    }));

  test("a tool that writes is refused with a reason", () =>
    overStdio(async (client) => {
      const sentence = await refused(client, "MessageSendText", { sessionId: SESSION, chatId: CHAT, text: "No" });
      assert.match(sentence, /--write/);
    }));

  test("an unknown tool is an error of the protocol", () =>
    overStdio(async (client) => {
      const unknown = client.callTool({ name: "SessionDelete", arguments: { sessionId: SESSION } });
      await assert.rejects(unknown, (error) => error.code === INVALID_PARAMS && /Unknown tool/.test(error.message));
    }));

  test("wrong arguments are said all at once, and what the gateway refuses is passed on", () =>
    overStdio(async (client) => {
      const wrong = await refused(client, "MessageList", { chat: CHAT, limit: "ten" });
      for (const part of ["sessionId is missing", "no argument chat", "limit must be of the type integer"]) {
        assert.ok(wrong.includes(part), wrong);
      }
      const bound = JSON.parse(await refused(client, "MessageList", { sessionId: SESSION, limit: 100000 }));
      assert.equal(bound.status, 400);
      const nobody = "00000000-0000-7000-8000-000000000000";
      const missing = JSON.parse(await refused(client, "SessionFindOne", { sessionId: nobody }));
      assert.deepEqual([missing.kind, missing.status], ["not_found", 404]);
    }));

  test("a gateway that is not there is said so", () =>
    overStdio(
      async (client) => assert.match(await refused(client, "SessionFindAll"), /no connection to the gateway/),
      ["--url", "http://127.0.0.1:9"],
    ));
}

function writing() {
  test("with leave it sends", () =>
    overStdio(
      async (client) => {
        const { tools } = await client.listTools();
        const send = tools.find((it) => it.name === "MessageSendText");
        const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = send.annotations;
        assert.deepEqual([readOnlyHint, destructiveHint, idempotentHint, openWorldHint], [false, false, false, true]);
        const args = { sessionId: SESSION, chatId: CHAT, text: "From a model" };
        const sent = await called(client, "MessageSendText", args);
        assert.match(sent.messageId, /^3EB0/);
        const react = { sessionId: SESSION, chatId: CHAT, messageId: sent.messageId, emoji: "👍" };
        await called(client, "MessageReact", react);
      },
      ["--write"],
    ));

  test("the environment can give leave as well", () =>
    overStdio(
      async (client) => {
        const { tools } = await client.listTools();
        assert.ok(tools.some((it) => it.name === "MessageSendText"));
        for (const word of ["Delete", "Logout", "Start", "Key", "Qr"]) {
          assert.ok(!tools.some((it) => it.name.includes(word)), `${word} is no business of a model`);
        }
      },
      [],
      { MCP_READONLY: "false" },
    ));
}

function http() {
  test("the caller's key is used, from either header", async () => {
    for (const headers of [{ "X-API-Key": OPENWA_API_KEY }, { Authorization: `Bearer ${OPENWA_API_KEY}` }]) {
      await overHttp(headers, async (client) => {
        const { items } = await called(client, "SessionFindAll");
        assert.equal(items[0].id, SESSION);
      });
    }
  });

  test("without a key nothing is said", async () => {
    const silent = overHttp({}, () => {});
    await assert.rejects(silent, (error) => error.code === 401 && /X-API-Key/.test(error.message));
  });

  test("the gateway judges the key", () =>
    overHttp({ "X-API-Key": "owa_k1_wrong" }, async (client) => {
      const answer = JSON.parse(await refused(client, "SessionFindAll"));
      assert.deepEqual([answer.kind, answer.status], ["authentication", 401]);
    }));

  test("web pages and other names are kept out", async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    const headers = {
      "X-API-Key": OPENWA_API_KEY,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
    };
    const status = async (more, url = MCP_URL) =>
      (await fetch(url, { method: "POST", body, headers: { ...headers, ...more } })).status;
    assert.equal(await status({}), 200);
    assert.equal(await status({ Origin: "https://evil.example" }), 403);
    assert.equal(await status({}, new URL("/other", MCP_URL)), 404);
  });
}

const parts = { reading, writing, http };
const part = parts[process.argv[2]];
assert.ok(part, `say which part: ${Object.keys(parts).join(", ")}`);
part();
