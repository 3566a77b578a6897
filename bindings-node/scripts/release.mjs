// Puts together what is published: the package, and one package for each machine that there is a native module for.
//
//     node scripts/release.mjs FOLDER
//
// takes every openwa.<platform>.node beside package.json and writes the tarballs into FOLDER. In a release, the
// modules built on each kind of machine are collected here first; see RELEASING.md.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const [, , target] = process.argv;
if (target === undefined) {
  console.error("usage: node scripts/release.mjs FOLDER");
  process.exit(2);
}

/** What npm is told of each machine, so that it installs one package of them. */
const MACHINES = {
  "linux-x64-gnu": { os: ["linux"], cpu: ["x64"], libc: ["glibc"] },
  "linux-x64-musl": { os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "linux-arm64-gnu": { os: ["linux"], cpu: ["arm64"], libc: ["glibc"] },
  "linux-arm64-musl": { os: ["linux"], cpu: ["arm64"], libc: ["musl"] },
  "darwin-x64": { os: ["darwin"], cpu: ["x64"] },
  "darwin-arm64": { os: ["darwin"], cpu: ["arm64"] },
  "win32-x64-msvc": { os: ["win32"], cpu: ["x64"] },
  "win32-arm64-msvc": { os: ["win32"], cpu: ["arm64"] },
};

const own = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const { devDependencies: _development, scripts: _scripts, ...main } = own;
const found = readdirSync(here).flatMap((it) => /^openwa\.(.+)\.node$/.exec(it)?.[1] ?? []);
if (found.length === 0) throw new Error("there is no openwa.<platform>.node: build the native module first");

const folder = resolve(target);
mkdirSync(folder, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "openwa-release-"));
try {
  for (const platform of found) {
    const name = `${own.name}-${platform}`;
    const file = `openwa.${platform}.node`;
    const { version, license, repository, engines } = own;
    const description = `The native module of ${own.name} for ${platform}`;
    const about = { name, version, description, license, repository, engines, ...MACHINES[platform], main: file, files: [file] };
    packed(name, about, (place) => {
      copyFileSync(join(here, file), join(place, file));
      writeFileSync(join(place, "README.md"), `${description}. Install \`${own.name}\` instead.\n`);
    });
  }
  const optionalDependencies = Object.fromEntries(found.map((it) => [`${own.name}-${it}`, own.version]));
  packed(own.name, { ...main, optionalDependencies }, (place) => {
    cpSync(join(here, "dist"), join(place, "dist"), { recursive: true });
    copyFileSync(join(here, "README.md"), join(place, "README.md"));
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}

function packed(name, about, fill) {
  const place = join(work, name);
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), `${JSON.stringify(about, null, 2)}\n`);
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(here, "..", licence), join(place, licence));
  fill(place);
  const written = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: place, encoding: "utf8" });
  console.log(written.trim());
}
