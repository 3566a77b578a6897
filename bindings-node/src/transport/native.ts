import type { ErrorKind } from "../errors";
import type { Settings } from "../options";
import { userAgent } from "../version";
import { loadNative } from "./loader";
import {
  Tag,
  type NativeBinding,
  type NativeFailure,
  type NativeSettings,
  type NativeWhole,
} from "./native-module";
import {
  Failure,
  type Answer,
  type Call,
  type Following,
  type Incoming,
  type RawEvent,
  type RawEvents,
  type Transport,
  type Upload,
  type WholeAnswer,
} from "./transport";

/** How many pieces of an upload are handed over before the native module asks for more. */
const PIECES = 4;
/** Larger pieces are cut, so that what waits is bounded. */
const PIECE = 256 * 1024;

/** Where the gateway gives the same events over a WebSocket. */
const OVER_WEBSOCKET = "/api/events/ws";

/** Those with a call under way: nobody else may hold them. */
const busy = new Set<NativeTransport>();

/** Somebody waits for a number. */
interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly abort: (() => void) | undefined;
}

/** Carries calls by the native module. */
export class NativeTransport implements Transport {
  readonly name = "native";
  readonly #native: NativeBinding;
  readonly #waiting = new Map<number, Waiting>();
  /** Uploads that hand over pieces; each is told when another one is wanted. */
  readonly #pumps = new Map<number, () => void>();
  #last = 0;
  #isClosed = false;

  constructor(settings: Settings) {
    const { baseUrl, apiKey = "", timeoutMs, maxRetries, longestAnswer, proxy, certificate } = settings;
    const headers = Object.entries(settings.headers);
    const options = { baseUrl, apiKey, timeoutMs, maxRetries, longestAnswer, userAgent, headers, proxy, certificate };
    // Weakly, because the native module holds this function for as long as it lives itself.
    const weak = new WeakRef(this);
    const { NativeTransport: Binding } = loadNative();
    try {
      this.#native = new Binding(options, () => NativeTransport.#wake(weak.deref()));
    } catch (cause) {
      throw new Failure("configuration", cause instanceof Error ? cause.message : String(cause), undefined, cause);
    }
  }

  static #wake(self: NativeTransport | undefined): void {
    if (self !== undefined) self.#takeAll();
  }

  send(call: Call): Promise<Answer> {
    return this.#ask(this.#next(), call.signal, (id) => {
      this.#native.send(id, call.method, call.path, call.body, call.idempotencyKey, settingsOf(call), false);
    });
  }

  sendWhole(call: Call): Promise<WholeAnswer> {
    return this.#ask(this.#next(), call.signal, (id) => {
      this.#native.send(id, call.method, call.path, call.body, call.idempotencyKey, settingsOf(call), true);
    });
  }

  upload(call: Call, upload: Upload): Promise<Answer> {
    const { name, mimetype, source } = upload;
    const file = {
      fields: upload.fields.map(([field, value]): [string, string] => [field, value]),
      name,
      mimetype,
      path: "path" in source ? source.path : undefined,
      bytes: "bytes" in source ? bufferOf(source.bytes) : undefined,
      size: "chunks" in source ? source.size : undefined,
    };
    const id = this.#next();
    const answer = this.#ask<Answer>(id, call.signal, () => {
      this.#native.upload(id, call.method, call.path, call.idempotencyKey, settingsOf(call), file);
    });
    if ("chunks" in source && this.#waiting.has(id)) void this.#pump(id, source.chunks);
    return answer;
  }

  async download(call: Call): Promise<Incoming> {
    const id = this.#next();
    const head = await this.#ask<WholeAnswer>(id, call.signal, () => {
      this.#native.download(id, call.method, call.path, settingsOf(call));
    });
    const ask = <T>(of: (id: number) => boolean): Promise<T> =>
      this.#ask(id, call.signal, () => {
        if (!of(id)) this.#settle(id, (it) => it.resolve(undefined as never));
      });
    return {
      status: head.status,
      headers: head.headers,
      read: () => ask<Uint8Array | undefined>((it) => this.#native.more(it)),
      save: (path) => ask<number>((it) => this.#native.save(it, path)),
      cancel: () => this.#cancel(id),
    };
  }

  follow({ call, after, carrier, reconnects }: Following): RawEvents {
    const id = this.#next();
    const isWebSocket = carrier === "websocket";
    const path = isWebSocket ? call.path.replace(/^\/api\/events\/stream\b/, OVER_WEBSOCKET) : call.path;
    this.#native.follow(id, path, settingsOf(call), after, isWebSocket, reconnects);
    return {
      next: async () => {
        const events = await this.#ask<RawEvent[] | undefined>(id, call.signal, () => {
          if (!this.#native.more(id)) this.#settle(id, (it) => it.resolve(undefined as never));
        });
        return events ?? [];
      },
      cancel: () => this.#cancel(id),
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#native.close();
    const closed = new Failure("configuration", "the client was closed");
    for (const id of [...this.#waiting.keys()]) this.#settle(id, (it) => it.reject(closed));
  }

  #next(): number {
    this.#last = this.#last === 0xffff_ffff ? 1 : this.#last + 1;
    return this.#last;
  }

  /** Asks under a number, and waits for what comes. */
  #ask<T>(id: number, signal: AbortSignal | undefined, begin: (id: number) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#isClosed) throw new Failure("configuration", "the client is closed; make another");
      if (signal?.aborted === true) throw signal.reason;
      let abort: (() => void) | undefined;
      if (signal !== undefined) {
        abort = () => {
          this.#native.abort(id);
          this.#settle(id, (it) => it.reject(signal.reason));
        };
        signal.addEventListener("abort", abort, { once: true });
      }
      if (this.#waiting.size === 0) busy.add(this);
      this.#waiting.set(id, { resolve, reject, signal, abort });
      try {
        begin(id);
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        this.#settle(id, (it) => it.reject(new Failure("configuration", message, undefined, cause)));
      }
    });
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) busy.delete(this);
    if (waiting.abort !== undefined) waiting.signal?.removeEventListener("abort", waiting.abort);
    how(waiting);
  }

  #cancel(id: number): void {
    this.#native.abort(id);
    this.#settle(id, (it) => it.reject(new Failure("connection", "it was closed on this side")));
  }

  #takeAll(): void {
    const all = this.#native.take();
    for (let index = 0; index < all.length; index += 3) {
      this.#took(all[index] as number, all[index + 1] as number, all[index + 2]);
    }
  }

  #took(id: number, tag: number, value: unknown): void {
    if (tag === Tag.pull) {
      this.#pumps.get(id)?.();
      return;
    }
    this.#settle(id, (waiting) => {
      if (tag === Tag.failure) waiting.reject(failureOf(value as NativeFailure));
      else waiting.resolve(valueOf(tag, value) as never);
    });
    this.#pumps.get(id)?.();
  }

  /** Hands over the pieces of an upload, as many as are wanted, until nobody waits for its answer any more. */
  async #pump(id: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let wanted = PIECES;
    let wake = () => {};
    this.#pumps.set(id, () => {
      wanted += 1;
      wake();
    });
    let fault: string | undefined;
    try {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; at += PIECE) {
          while (wanted === 0 && this.#waiting.has(id)) await new Promise<void>((resolve) => (wake = resolve));
          if (!this.#waiting.has(id)) return;
          wanted -= 1;
          this.#native.push(id, bufferOf(chunk.subarray(at, at + PIECE)));
        }
      }
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    } finally {
      this.#pumps.delete(id);
      this.#native.finish(id, fault);
    }
  }
}

function settingsOf({ timeoutMs, maxRetries, headers }: Call): NativeSettings | undefined {
  if (timeoutMs === undefined && maxRetries === undefined && headers === undefined) return undefined;
  return { timeoutMs, maxRetries, headers: headers === undefined ? undefined : Object.entries(headers) };
}

function valueOf(tag: number, value: unknown): unknown {
  switch (tag) {
    case Tag.whole:
    case Tag.head:
      return wholeOf(value as NativeWhole);
    case Tag.events:
      return eventsOf(value as string[]);
    case Tag.end:
      return undefined;
    case Tag.piece:
    case Tag.saved:
      return value;
    default:
      return { status: tag, text: value };
  }
}

function wholeOf({ status, headers, text }: NativeWhole): WholeAnswer {
  return { status, headers: headersOf(headers), text };
}

function eventsOf(flat: string[]): RawEvent[] {
  const events: RawEvent[] = [];
  for (let index = 0; index < flat.length; index += 2) {
    events.push({ id: flat[index] ?? "", data: flat[index + 1] ?? "" });
  }
  return events;
}

function failureOf({ kind, message, status, headers, text, cause }: NativeFailure): Failure {
  const answer = typeof status === "number" ? wholeOf({ status, headers, text }) : undefined;
  return new Failure(kind as ErrorKind, message, answer, typeof cause === "string" ? new Error(cause) : undefined);
}

function headersOf(flat: string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index < flat.length; index += 2) headers.append(flat[index] ?? "", flat[index + 1] ?? "");
  return headers;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
