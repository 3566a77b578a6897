import { OpenWAConfigurationError } from "./errors";

/** Options of a client. What is not said is read from the environment, else has the value named here. */
export interface OpenWAOptions {
  /** Where the gateway is; `OPENWA_BASE_URL`, else `http://127.0.0.1:2785`. */
  baseUrl?: string | undefined;
  /** The API key; `OPENWA_API_KEY`. */
  apiKey?: string | undefined;
  /**
   * How many milliseconds each attempt of a call may take: 30000. 0 and `Infinity` are no limit. For a file that
   * is sent or fetched, it is how long nothing may move.
   */
  timeoutMs?: number | undefined;
  /**
   * How often a call is tried again: 2. Tried again are calls that broke, timed out, or were answered 408, 429,
   * 500, 502, 503 or 504: those that only read, and those with an idempotency key, which sends have by themselves.
   */
  maxRetries?: number | undefined;
  /** The longest answer that is read whole: 64 MiB. Files are streamed and have no limit. */
  longestAnswer?: number | undefined;
  /** The proxy to go through: `http://`, `https://` or `socks5://`. Only the native module can. */
  proxy?: string | undefined;
  /** Headers to send with every call. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** A further certificate authority to trust, as text in PEM. Only the native module can. */
  certificate?: string | undefined;
  /**
   * What carries the calls. `auto` takes the native module where there is one for this machine, else `fetch`;
   * `OPENWA_TRANSPORT` says it as well.
   */
  transport?: "auto" | "native" | "fetch" | undefined;
  /** Another `fetch`; the calls are then carried by it. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** What of the options a transport is given. */
export interface Settings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly longestAnswer: number;
  readonly proxy: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly certificate: string | undefined;
}

const DEFAULT_BASE_URL = "http://127.0.0.1:2785";
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 2;
const LONGEST_ANSWER = 64 * 1024 * 1024;

/** The options, filled up. */
export function settingsOf(options: OpenWAOptions): Settings {
  return {
    baseUrl: checkedBaseUrl(options.baseUrl ?? environment("OPENWA_BASE_URL") ?? DEFAULT_BASE_URL),
    apiKey: options.apiKey ?? environment("OPENWA_API_KEY"),
    timeoutMs: checkedNumber("timeoutMs", options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    maxRetries: checkedNumber("maxRetries", options.maxRetries ?? DEFAULT_RETRIES),
    longestAnswer: checkedNumber("longestAnswer", options.longestAnswer ?? LONGEST_ANSWER),
    proxy: options.proxy,
    headers: options.headers ?? {},
    certificate: options.certificate,
  };
}

/** Which transport is wanted. */
export function transportOf(options: OpenWAOptions): "auto" | "native" | "fetch" {
  if (options.fetch !== undefined) return "fetch";
  const wanted = options.transport ?? environment("OPENWA_TRANSPORT") ?? "auto";
  if (wanted === "auto" || wanted === "native" || wanted === "fetch") return wanted;
  throw new OpenWAConfigurationError(`there is no transport '${wanted}': there are auto, native and fetch`);
}

function environment(name: string): string | undefined {
  const value = typeof process === "undefined" ? undefined : process.env[name]?.trim();
  return value === "" ? undefined : value;
}

function checkedNumber(name: string, value: number): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new OpenWAConfigurationError(`${name} must be a number from 0 on`);
}

function checkedBaseUrl(text: string): string {
  const refused = (why: string) => new OpenWAConfigurationError(`the base URL '${text.replace(/^.*@/, "")}' ${why}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused("is not an address like http://host:2785");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw refused("must begin with http:// or https://");
  if (url.search !== "" || url.hash !== "") throw refused("must have no query and no fragment");
  if (url.username !== "" || url.password !== "") throw refused("must hold no credentials: give the key as apiKey");
  return text.trim().replace(/\/+$/, "");
}
