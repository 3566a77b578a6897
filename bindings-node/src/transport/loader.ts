import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { OpenWAConfigurationError } from "../errors";
import type { NativeModule } from "./native-module";

/** The machines that there are packages for; their names are those of Node, with the C library on Linux. */
const PLATFORMS: ReadonlySet<string> = new Set([
  "linux-x64-gnu",
  "linux-x64-musl",
  "linux-arm64-gnu",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "win32-x64-msvc",
  "win32-arm64-msvc",
]);

let loaded: NativeModule | undefined;

/** The native module for this machine. Throws where there is none, and says what to do. */
export function loadNative(): NativeModule {
  loaded ??= load();
  return loaded;
}

function load(): NativeModule {
  const platform = platformName();
  const given = process.env["OPENWA_NATIVE"];
  const beside = join(__dirname, "..", "..", `openwa.${platform}.node`);
  const places = given !== undefined && given !== "" ? [given] : [beside, `openwa-${platform}`];
  let cause: unknown;
  for (const place of places) {
    if (place === beside && !existsSync(beside)) continue;
    try {
      return require(place) as NativeModule;
    } catch (error) {
      cause = error;
    }
  }
  throw new OpenWAConfigurationError(advice(platform, cause), "configuration", { cause });
}

function advice(platform: string, cause: unknown): string {
  const isAbsent = (cause as { code?: unknown } | undefined)?.code === "MODULE_NOT_FOUND" || cause === undefined;
  const orFetch = "or use the client with { transport: 'fetch' }, which needs none";
  if (!PLATFORMS.has(platform)) {
    return `there is no native module for ${platform}; build it from source (see the README), ${orFetch}`;
  }
  if (isAbsent) {
    const why = "npm leaves it out with --omit=optional, and when a lock file was written on another kind of machine";
    return `the package openwa-${platform} is not installed: ${why}; install it by its name, ${orFetch}`;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `the native module for ${platform} does not load (${reason}); install openwa-${platform} again, ${orFetch}`;
}

/** `linux-x64-gnu`, `darwin-arm64` and so on. */
export function platformName(): string {
  const { platform, arch } = process;
  if (platform === "linux") return `linux-${arch}-${isMusl() ? "musl" : "gnu"}`;
  return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

function isMusl(): boolean {
  try {
    return readFileSync("/usr/bin/ldd", "latin1").includes("musl");
  } catch {
    const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
    return report?.header?.glibcVersionRuntime === undefined;
  }
}
