// The package as it is installed: both module systems, each Node, its types, and the ten lines of its README.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { app, Gateway, required, root, sdk } from "./harness.mjs";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const NODES = {
  18: join(here, "nodes/node_modules/node18/bin/node"),
  [process.versions.node.split(".")[0]]: process.execPath,
  22: join(here, "nodes/node_modules/node22/bin/node"),
};

describe("the installed package", { timeout: 300_000 }, () => {
  let gateway;
  let folder;
  before(async () => {
    gateway = await Gateway.start();
    folder = await mkdtemp(join(tmpdir(), "openwa-node-"));
    await symlink(join(app, "node_modules"), join(folder, "node_modules"));
  });
  after(async () => {
    await gateway?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const environment = () => ({ PATH: process.env.PATH, OPENWA_BASE_URL: gateway.base, OPENWA_API_KEY: gateway.key });

  it("is one implementation for import and require", () => {
    const names = Object.keys(required).sort();
    assert.deepEqual(Object.keys(sdk).sort(), names);
    for (const name of names) assert.equal(sdk[name], required[name], name);
    assert.equal(new sdk.OpenWA().transport, "native");
  });

  for (const [version, node] of Object.entries(NODES)) {
    it(`loads and calls in Node ${version}, as ESM and as CommonJS`, async () => {
      const { stdout } = await run(node, ["--version"], { env: {} });
      assert.match(stdout, new RegExp(`^v${version}\\.`));
      const use = `
        const client = new OpenWA();
        const health = await client.health.check();
        const missing = await client.sessions.get("0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e").catch((error) => error.kind);
        const aborted = await client.sessions.list({}, { signal: AbortSignal.abort() }).catch((error) => error.name);
        const names = [];
        for await (const session of client.sessions.list()) names.push(session.name);
        const fallback = await new OpenWA({ transport: "fetch" }).health.check();
        console.log(JSON.stringify([client.transport, health.status, missing, aborted, names.length, fallback.status]));`;
      await writeFile(join(folder, "smoke.mjs"), `import { OpenWA } from "openwa";\n${use}`);
      await writeFile(join(folder, "smoke.cjs"), `const { OpenWA } = require("openwa");\n(async () => {${use}\n})();`);
      for (const file of ["smoke.mjs", "smoke.cjs"]) {
        const { stdout, stderr } = await run(node, [file], { cwd: folder, env: environment() });
        const [transport, health, missing, aborted, count, fallback] = JSON.parse(stdout);
        assert.deepEqual([transport, health, missing, aborted, fallback], ["native", "ok", "not_found", "AbortError", "ok"]);
        assert.equal(typeof count, "number");
        assert.equal(stderr, "");
      }
    });
  }

  it("the lines of the README send a message", async () => {
    const readme = await readFile(join(app, "node_modules/openwa/README.md"), "utf8");
    const program = /```js\n(import \{ OpenWA \}[^]*?)```/.exec(readme)?.[1];
    assert.ok(program !== undefined && program.trim().split("\n").length <= 14, "the first program is short");
    await writeFile(join(folder, "first.mjs"), program);
    const ada = await gateway.phone("Ada", "15551234567");
    const child = spawn(process.execPath, ["first.mjs"], { cwd: folder, env: environment(), stdio: ["ignore", "pipe", "inherit"] });
    const client = gateway.client();
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith("Scan")) continue;
      const [session] = await client.sessions.list();
      await gateway.scan(client, session.id);
    }
    if (child.exitCode === null) await once(child, "exit");
    assert.equal(child.exitCode, 0, "an idle client keeps no process alive");
    assert.ok(await gateway.message(ada, (it) => it.text === "Your order ships today."));
  });

  it("its types hold in a strict program, as ESM and as CommonJS, and none is `any`", async () => {
    const compiler = join(here, "../node_modules/typescript/bin/tsc");
    const types = join(here, "../node_modules/@types");
    await cp(join(here, "sample.ts"), join(folder, "sample.mts"));
    await cp(join(here, "sample.ts"), join(folder, "sample.cts"));
    const options = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--target", "ES2022", "--lib", "ES2022"];
    const parameters = [compiler, ...options, "--module", "Node16", "--types", "node", "--typeRoots", types];
    const check = (...files) =>
      run(process.execPath, [...parameters, ...files], { cwd: folder }).catch((error) => assert.fail(error.stdout));
    await check("sample.mts", "sample.cts");
    // The sample says where the compiler must refuse; without those marks it does.
    const sample = await readFile(join(here, "sample.ts"), "utf8");
    const marks = sample.match(/@ts-expect-error/g).length;
    await writeFile(join(folder, "wrong.mts"), sample.replaceAll("@ts-expect-error", ""));
    const refused = await run(process.execPath, [...parameters, "wrong.mts"], { cwd: folder }).catch((error) => error.stdout);
    assert.equal(refused.match(/error TS/g).length, marks);
    const dist = join(app, "node_modules/openwa/dist");
    for (const file of await readdir(dist, { recursive: true })) {
      if (!file.endsWith(".d.ts") && !file.endsWith(".d.mts")) continue;
      const code = (await readFile(join(dist, file), "utf8")).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
      assert.doesNotMatch(code, /\bany\b/, file);
    }
  });

  it("a native module that is missing, or does not load, is told with what to do", async () => {
    // Nothing above it may have the module either.
    const copy = await mkdtemp(join(tmpdir(), "openwa-node-"));
    await cp(join(app, "node_modules/openwa"), join(copy, "node_modules/openwa"), { recursive: true });
    const program = `
      import { OpenWA } from "openwa";
      const error = await (async () => new OpenWA({ transport: "native" }))().catch((error) => error);
      console.log(JSON.stringify([error.name, error.kind, error.message]));
      const client = new OpenWA();
      console.log(JSON.stringify([client.transport, (await client.health.check()).status]));`;
    await writeFile(join(copy, "absent.mjs"), program);
    const absent = await run(process.execPath, ["absent.mjs"], { cwd: copy, env: environment() });
    const [error, fallback] = absent.stdout.trim().split("\n").map((it) => JSON.parse(it));
    assert.deepEqual(error.slice(0, 2), ["OpenWAConfigurationError", "configuration"]);
    assert.match(error[2], /openwa-linux-\w+-\w+ is not installed.*install it by its name/);
    assert.deepEqual(fallback, ["fetch", "ok"]);
    assert.match(absent.stderr, /OPENWA_NO_NATIVE.*calls are carried by fetch/);
    await writeFile(join(copy, "broken.node"), "not a module");
    const env = { ...environment(), OPENWA_NATIVE: join(copy, "broken.node") };
    const broken = await run(process.execPath, ["absent.mjs"], { cwd: copy, env });
    assert.match(broken.stdout, /does not load .*transport: 'fetch'/);
    await rm(copy, { recursive: true });
  });

  it("is small, and says its version once", async () => {
    const [native] = (await readdir(join(app, "node_modules"))).filter((it) => it.startsWith("openwa-"));
    const platform = native.slice("openwa-".length);
    const { size } = await stat(join(app, "node_modules", native, `openwa.${platform}.node`));
    assert.ok(size < 8 * 1024 * 1024, `${size} bytes`);
    const about = JSON.parse(await readFile(join(app, "node_modules/openwa/package.json"), "utf8"));
    assert.equal(sdk.VERSION, about.version);
    assert.deepEqual(about.dependencies, undefined);
    const cargo = await readFile(join(root, "Cargo.toml"), "utf8");
    assert.match(cargo, new RegExp(`^version = "${about.version}"`, "m"));
    assert.equal(dirname(native), ".");
  });
});
