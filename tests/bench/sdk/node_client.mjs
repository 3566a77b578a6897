// Measures one Node client on one kind of call, and prints the figures as one line of JSON.
//
//     node node_client.mjs CLIENT MODE CALL SECONDS
//
// CLIENT is a function below, MODE `one` (one call after another) or `tasks` (32 at a time), CALL one of
// `session`, `messages`, `long`, `events`. The processor time is that of all threads of this process.

const [, , client, mode, kind, seconds] = process.argv;
const AT_A_TIME = 32;
const { OPENWA_BASE_URL: BASE, OPENWA_API_KEY: KEY, SESSION_ID: SESSION } = process.env;
const MESSAGES = Number(process.env.MESSAGES);
const LONG = Number(process.env.LONG);
const EVENTS = Number(process.env.EVENTS);
const headers = { "X-API-Key": KEY };
const path = {
  session: `/api/sessions/${SESSION}`,
  messages: `/api/sessions/${SESSION}/messages?limit=${MESSAGES}`,
  long: `/api/sessions/${SESSION}/messages?limit=${LONG}`,
  events: `/api/sessions/${SESSION}/events?limit=${EVENTS}`,
}[kind];

const clients = {
  async openwa() {
    const { OpenWA } = await import("openwa");
    const client = new OpenWA({ baseUrl: BASE, apiKey: KEY });
    return {
      session: () => client.sessions.get(SESSION),
      messages: () => client.messages.list(SESSION, { limit: MESSAGES }),
      long: () => client.messages.list(SESSION, { limit: LONG }),
      events: () => client.events.list(SESSION, { limit: EVENTS }),
    }[kind];
  },
  async fetch() {
    return async () => {
      const answer = await fetch(BASE + path, { headers });
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      return answer.json();
    };
  },
  async axios() {
    const { default: axios } = await import("axios");
    const { Agent } = await import("node:http");
    const client = axios.create({ baseURL: BASE, headers, httpAgent: new Agent({ keepAlive: true }) });
    return async () => (await client.get(path)).data;
  },
  async undici() {
    const { Pool } = await import("undici");
    const pool = new Pool(BASE, { connections: AT_A_TIME });
    return async () => {
      const { statusCode, body } = await pool.request({ path, method: "GET", headers });
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
      return body.json();
    };
  },
};

const call = await clients[client]();
const workers = mode === "one" ? 1 : AT_A_TIME;
// A third of the time goes before, for connections, caches and the compiler.
let begin = performance.now() + (Number(seconds) * 1000) / 3;
const end = begin + Number(seconds) * 1000;
let calls = 0;
let processor;

async function work() {
  for (let now = performance.now(); now < end || calls === 0; now = performance.now()) {
    if (now >= begin) {
      if (processor === undefined) {
        begin = now;
        processor = process.cpuUsage();
      }
      calls += 1;
    }
    await call();
  }
}

await Promise.all(Array.from({ length: workers }, work));
const wall = performance.now() - begin;
const { user, system } = process.cpuUsage(processor);
console.log(JSON.stringify({ per_second: (calls / wall) * 1000, processor_us: (user + system) / calls }));
process.exit(0);
