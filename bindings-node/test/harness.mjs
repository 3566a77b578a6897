// What the tests stand on: the packed package, a gateway that misbehaves on demand, and the real one on its sandbox
// network.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));
/** The folder into which `test.sh` installed the packed package. */
export const app = process.env.OPENWA_TEST_APP;
if (app === undefined) throw new Error("run bindings-node/test.sh, which packs the package and installs it first");
/** The package, as a program gets it. */
export const sdk = await import(pathToFileURL(join(app, "node_modules/openwa/dist/index.mjs")).href);
/** The same for `require`. */
export const required = createRequire(join(app, "package.json"))("openwa");

export const SESSION = "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e";

const BINARY = process.env.OPENWA_BINARY ?? join(root, "target/debug/openwa");

/** Starts a program, and waits for the first line on its standard output that `find` sees something in. */
async function started(command, parameters, options, find) {
  const child = spawn(command, parameters, { stdio: ["pipe", "pipe", "pipe"], ...options });
  let log = "";
  child.stderr.on("data", (piece) => (log = (log + piece).slice(-20_000)));
  const lines = createInterface({ input: child.stdout });
  const found = await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      log = `${log}${line}\n`.slice(-20_000);
      const value = find(line);
      if (value !== undefined) resolve(value);
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${command} ended with ${code}:\n${log}`)));
  });
  return { child, found };
}

async function ended(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

/** A gateway that misbehaves on demand; see `tests/sdk/faulty_server.py`. */
export class Faulty {
  static async start() {
    const program = join(root, "tests/sdk/faulty_server.py");
    const { child, found } = await started("python3", [program], {}, (line) => JSON.parse(line).port);
    return new Faulty(child, `http://127.0.0.1:${found}`);
  }

  #names = 0;

  constructor(child, base) {
    this.child = child;
    this.base = base;
  }

  /** A client whose requests are answered by these steps, and their log. */
  client(steps, options = {}) {
    const name = `case-${(this.#names += 1)}`;
    const client = new sdk.OpenWA({ baseUrl: `${this.base}/${name}/${steps}`, apiKey: "owa_k1_secret", ...options });
    return { client, log: () => this.log(name) };
  }

  async log(name) {
    return (await fetch(`${this.base}/log/${name}`)).json();
  }

  async stop() {
    await ended(this.child, "SIGKILL");
  }
}

/** The real gateway, with a sandbox network inside. */
export class Gateway {
  static async start(environment = {}) {
    const gateway = new Gateway(await mkdtemp(join(tmpdir(), "openwa-node-")), environment);
    await gateway.#spawn("0");
    return gateway;
  }

  constructor(folder, environment) {
    this.folder = folder;
    this.environment = environment;
  }

  async #spawn(port) {
    const { PATH, HOME } = process.env;
    const options = { cwd: this.folder, env: { PATH, HOME, ...this.environment } };
    const find = (line) => /is listening on (http:\S+)/.exec(line)?.[1];
    const { child, found } = await started(BINARY, ["serve", "--sandbox", "--port", port], options, find);
    this.child = child;
    this.base = found;
    this.key = (await readFile(join(this.folder, "data/.api-key"), "utf8")).trim();
  }

  client(options = {}) {
    return new sdk.OpenWA({ baseUrl: this.base, apiKey: this.key, ...options });
  }

  /** Kills it and starts it again on the same folder and port. */
  async restart() {
    await ended(this.child, "SIGKILL");
    await this.#spawn(new URL(this.base).port);
  }

  /** A call of the sandbox's control API. */
  async sandbox(method, path, body) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${this.base}/sandbox${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  phone(name, number) {
    return this.sandbox("POST", "/phones", number === undefined ? { name } : { name, number });
  }

  /** The first message on a phone that `find` sees something in. */
  async message(phone, find) {
    let after = 0;
    for (const end = Date.now() + 30_000; Date.now() < end; ) {
      const messages = await this.sandbox("GET", `/phones/${phone.id}/messages?after=${after}&wait=5000&limit=1000`);
      const found = messages.find(find);
      if (found !== undefined) return found;
      after = messages.at(-1)?.sequence ?? after;
    }
    throw new Error(`no such message reached ${phone.name}`);
  }

  /** A session that is linked to a phone of its own, and ready. */
  async session(name) {
    const client = this.client();
    const session = await client.sessions.create({ name });
    const events = client.events.stream({ sessionId: session.id, after: 0 });
    await client.sessions.start(session.id);
    for await (const event of events) {
      if (event.event === "session.qr") await this.scan(client, session.id);
      if (event.event === "session.status" && event.data.status === "ready") break;
    }
    return client.sessions.get(session.id);
  }

  /** A person holds the camera of a phone over the code. */
  async scan(client, sessionId) {
    const path = `/api/sessions/${sessionId}/qr`;
    const { data } = await client.request({ method: "GET", path, query: { format: "raw" } });
    await this.sandbox("POST", "/scan", { qr: data.trim() });
  }

  async stop() {
    await ended(this.child, "SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A port that nobody listens on. */
export async function deadPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** All that an iteration gives. */
export async function all(items, most = Infinity) {
  const found = [];
  for await (const item of items) {
    found.push(item);
    if (found.length === most) break;
  }
  return found;
}
