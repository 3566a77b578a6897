import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Settings } from "../../options";
import { userAgent } from "../../version";
import {
  Failure,
  type Answer,
  type Call,
  type Following,
  type Incoming,
  type RawEvents,
  type Transport,
  type Upload,
  type WholeAnswer,
} from "../transport";
import { ADVICE, Attempt, answered, attempted } from "./attempts";
import { Deadline } from "./deadline";
import { Follower } from "./follower";
import { formOf } from "./form";

/** The most of a failure's body that is kept. */
const LONGEST_FAILURE = 1024 * 1024;
/** Failures that come before anything was sent. */
const UNSENT: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** What a request has beside its call. */
interface Sending {
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Made anew for each attempt. */
  readonly body?: (() => string | ReadableStream<Uint8Array>) | undefined;
}

/** Carries calls by `fetch`, where there is no native module: the same options, retries, errors and events. */
export class FetchTransport implements Transport {
  readonly name = "fetch";
  readonly #settings: Settings;
  readonly #fetch: typeof globalThis.fetch;
  readonly #open = new Set<() => void>();
  #isClosed = false;

  constructor(settings: Settings, fetch: typeof globalThis.fetch = globalThis.fetch) {
    if (settings.proxy !== undefined || settings.certificate !== undefined) {
      throw new Failure("configuration", "a proxy or a certificate needs the native module; fetch has its own ways");
    }
    this.#settings = settings;
    this.#fetch = fetch;
  }

  send(call: Call): Promise<Answer> {
    return this.sendWhole(call);
  }

  sendWhole(call: Call): Promise<WholeAnswer> {
    const { body } = call;
    const headers = body === undefined ? undefined : { "content-type": "application/json" };
    return this.#whole(call, { key: keyOf(call), headers, body: body === undefined ? undefined : () => body }, () => true);
  }

  async upload(call: Call, upload: Upload): Promise<Answer> {
    let isRead = false;
    let moved = () => {};
    const form = await formOf(upload, () => (isRead = true));
    const body = () => {
      const pieces = form.pieces();
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          moved();
          const { value } = await pieces.next();
          if (value === undefined) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await pieces.return();
        },
      });
    };
    const sending = { key: keyOf(call), headers: { "content-type": form.contentType }, body };
    return this.#whole(call, sending, () => !isRead, (deadline) => (moved = () => deadline.touch()));
  }

  download(call: Call): Promise<Incoming> {
    return attempted(call, undefined, this.#retries(call), () => true, async () => {
      const { response, deadline } = await this.#opened(call, {});
      return this.#incoming(response, deadline);
    });
  }

  follow(following: Following): RawEvents {
    if (following.carrier === "websocket") {
      throw new Failure("configuration", "WebSockets need the native module; fetch carries server-sent events");
    }
    const open = (headers: Record<string, string>) => this.#opened(following.call, { headers });
    return new Follower(following, this.#retries(following.call), open);
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#open) cancel();
    this.#open.clear();
  }

  #retries(call: Call): number {
    return call.maxRetries ?? this.#settings.maxRetries;
  }

  #whole(
    call: Call,
    sending: Sending,
    canRepeat: () => boolean,
    begun?: (deadline: Deadline) => void,
  ): Promise<WholeAnswer> {
    return attempted(call, sending.key, this.#retries(call), canRepeat, async () => {
      const { response, deadline } = await this.#opened(call, sending, begun);
      try {
        const text = await read(response, this.#settings.longestAnswer);
        return { status: response.status, headers: response.headers, text };
      } catch (cause) {
        deadline.cancel();
        throw this.#failed(cause, call, deadline);
      } finally {
        deadline.clear();
      }
    });
  }

  /** One attempt, up to the head of a success. */
  async #opened(
    call: Call,
    sending: Sending,
    begun?: (deadline: Deadline) => void,
  ): Promise<{ response: Response; deadline: Deadline }> {
    if (this.#isClosed) throw new Failure("configuration", "the client is closed; make another");
    if (call.signal?.aborted === true) throw call.signal.reason;
    const deadline = new Deadline(call.timeoutMs ?? this.#settings.timeoutMs, call.signal);
    const cancel = () => deadline.cancel();
    this.#open.add(cancel);
    deadline.whenCleared(() => this.#open.delete(cancel));
    begun?.(deadline);
    try {
      const init: RequestInit & { duplex?: "half" } = {
        method: call.method,
        headers: this.#headers(call, sending),
        redirect: "manual",
        signal: deadline.signal,
      };
      if (sending.body !== undefined) {
        init.body = sending.body();
        init.duplex = "half";
      }
      const response = await this.#fetch(this.#settings.baseUrl + call.path, init);
      if (response.ok) return { response, deadline };
      // What the status says counts more than a body that cannot be read.
      const text = await read(response, LONGEST_FAILURE).catch(() => "");
      deadline.clear();
      throw answered({ status: response.status, headers: response.headers, text });
    } catch (cause) {
      deadline.clear();
      throw this.#failed(cause, call, deadline);
    }
  }

  #headers(call: Call, { key, headers }: Sending): Headers {
    const { apiKey, headers: own } = this.#settings;
    const all = new Headers({ accept: "application/json, */*;q=0.5", "user-agent": userAgent });
    if (apiKey !== undefined && apiKey.trim() !== "") all.set("x-api-key", apiKey.trim());
    const given = { ...own, ...(key === undefined ? {} : { "idempotency-key": key }), ...headers, ...call.headers };
    try {
      for (const [name, value] of Object.entries(given)) all.set(name, value);
    } catch (cause) {
      throw new Failure("configuration", "a header has a name or a value that cannot be sent", undefined, cause);
    }
    return all;
  }

  /** What `fetch` could not do. */
  #failed(cause: unknown, call: Call, deadline: Deadline): unknown {
    if (cause instanceof Failure) return cause;
    if (this.#isClosed) return new Failure("configuration", "the client was closed");
    if (call.signal?.aborted === true) return call.signal.reason;
    if (deadline.isOver) {
      const limit = call.timeoutMs ?? this.#settings.timeoutMs;
      return new Attempt("timeout", `the gateway did not answer within ${limit} ms; ${ADVICE.timeout}`, false);
    }
    const root = rootOf(cause);
    const isUnsent = UNSENT.has((root as { code?: unknown } | undefined)?.code);
    const said = root instanceof Error ? root.message || String((root as { code?: unknown }).code) : String(root);
    const what = isUnsent ? "no connection to the gateway" : "the connection to the gateway broke";
    return new Attempt("connection", `${what}: ${said}; ${ADVICE.connection}`, isUnsent, undefined, cause);
  }

  #incoming(response: Response, deadline: Deadline): Incoming {
    deadline.pause();
    const reader = response.body?.getReader();
    const cancel = () => deadline.cancel();
    const read = async (): Promise<Uint8Array | undefined> => {
      deadline.touch();
      try {
        const piece = await reader?.read();
        if (piece?.value === undefined) cancel();
        return piece?.value;
      } catch (cause) {
        cancel();
        throw this.#failed(cause, { method: "GET", path: "" }, deadline);
      } finally {
        deadline.pause();
      }
    };
    const save = (path: string) => saved(read, path);
    return { status: response.status, headers: response.headers, read, save, cancel };
  }
}

function keyOf({ idempotencyKey: key }: Call): string | undefined {
  if (key === undefined) return undefined;
  if (key === "") return randomUUID();
  if (/^[!-~]{1,255}$/.test(key)) return key;
  throw new Failure("configuration", "an idempotency key has 1 to 255 visible ASCII characters");
}

/** Reads a body of at most `longest` bytes. */
async function read(response: Response, longest: number): Promise<string> {
  const tooLong = () => new Failure("decode", `the gateway's answer is longer than ${longest} bytes; ask for less at a time`);
  const length = response.headers.get("content-length");
  if (length !== null && Number(length) <= longest) return response.text();
  if (length !== null) throw tooLong();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (const reader = response.body?.getReader(); reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > longest) {
      await reader.cancel();
      throw tooLong();
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

/** Writes to a file that has its name only when it is complete. */
async function saved(read: () => Promise<Uint8Array | undefined>, path: string): Promise<number> {
  const partial = `${path}.${randomUUID()}.part`;
  let size = 0;
  let failed: unknown;
  async function* pieces() {
    for (;;) {
      const piece = await read().catch((reason: unknown) => {
        failed = reason;
        throw reason;
      });
      if (piece === undefined) return;
      size += piece.length;
      yield piece;
    }
  }
  try {
    await pipeline(Readable.from(pieces(), { objectMode: false }), createWriteStream(partial, { flags: "wx" }));
    await rename(partial, path);
    return size;
  } catch (cause) {
    await rm(partial, { force: true });
    if (failed !== undefined) throw failed;
    throw new Failure("file", `the file cannot be written: ${String(cause)}`, undefined, cause);
  }
}

/** The innermost cause, which is the one that a person understands. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause !== undefined) root = root.cause;
  return root;
}
