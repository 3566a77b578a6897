import { classifyApiError, fieldsOf, OpenWAConfigurationError, OpenWATimeoutError } from "../errors";
import { errorOf, parsed, sentenceOf } from "../failure";
import { queryOf } from "../operation";
import { Failure, type Transport, type WholeAnswer } from "../transport/transport";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The part of `fetch` that is relied on. */
export type FetchLike = typeof globalThis.fetch;

/** A call of {@link OpenWAClient.request}. */
export interface OpenWARequestOptions {
  method: HttpMethod;
  /** Begins with a slash: `/api/sessions`. */
  path: string;
  /** Query parameters; what is undefined or null is left out. */
  query?: object | undefined;
  /** What is sent as JSON. */
  body?: unknown;
  /** Milliseconds, instead of the client's. */
  timeoutMs?: number | undefined;
  headers?: Record<string, string> | undefined;
}

/** A file as it came. */
export interface BinaryResponse {
  data: ArrayBuffer;
  contentType: string;
}

/** Makes a request once, and reads its answer the way OpenWA's own SDK does: `null` for nothing, text for no JSON. */
export async function requested<T>(transport: Transport, options: OpenWARequestOptions, timeoutMs: number): Promise<T> {
  const { method, path, query, body } = options;
  const limit = options.timeoutMs ?? timeoutMs;
  let answer: WholeAnswer;
  try {
    answer = await transport.sendWhole({
      method,
      path: path + (query === undefined ? "" : queryOf(query)),
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "Content-Type": "application/json", ...options.headers },
      timeoutMs: limit,
      maxRetries: 0,
    });
  } catch (failed) {
    throw compatible(failed, `${method} ${path}`, limit);
  }
  return (parsed(answer.text) ?? null) as T;
}

/** Fetches a file. */
export async function fetched(transport: Transport, path: string, timeoutMs: number): Promise<BinaryResponse> {
  const headers = { "Content-Type": "application/json" };
  try {
    const incoming = await transport.download({ method: "GET", path, headers, timeoutMs, maxRetries: 0 });
    const pieces: Uint8Array[] = [];
    for (let piece = await incoming.read(); piece !== undefined; piece = await incoming.read()) pieces.push(piece);
    const data = new Uint8Array(Buffer.concat(pieces)).buffer;
    return { data, contentType: incoming.headers.get("content-type") ?? "application/octet-stream" };
  } catch (failed) {
    throw compatible(failed, `GET ${path}`, timeoutMs);
  }
}

/** The error with the sentence of OpenWA's own SDK. */
function compatible(failed: unknown, context: string, timeoutMs: number): unknown {
  if (!(failed instanceof Failure)) return failed;
  if (failed.kind === "timeout") return new OpenWATimeoutError(timeoutMs, { cause: failed.cause });
  const { answer } = failed;
  if (answer === undefined || failed.kind === "decode") return errorOf(failed);
  const { status, headers } = answer;
  const body = parsed(answer.text);
  const kind = fieldsOf(body)["error"];
  const name = STATUS_TEXT[status] ?? "";
  const said = sentenceOf(body) ?? (typeof body === "object" ? JSON.stringify(body) : (body ?? name));
  const message = `OpenWA API ${status} ${name} — ${context}: ${String(said)}`;
  return classifyApiError(status, message, body, typeof kind === "string" ? kind : undefined, headers);
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  301: "Moved Permanently",
  302: "Found",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The address of a call. */
export function buildUrl(baseUrl: string, path: string, query?: object): string {
  return baseUrl.replace(/\/+$/, "") + path + (query === undefined ? "" : queryOf(query));
}

/** Warns when the key would go over a network unencrypted. */
export function warnIfInsecureHttpUrl(baseUrl: string): void {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw new OpenWAConfigurationError("OpenWAClient: baseUrl is not an address like http://host:2785");
  }
  const isHere = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !isHere) {
    process.emitWarning(`the API key goes to ${url.host} unencrypted; use https`, { code: "OPENWA_INSECURE_HTTP" });
  }
}
