import { secondsAsked, delayMs, pause } from "./attempts";
import type { Deadline } from "./deadline";
import { EventParser } from "./event-source";
import { Failure, type Following, type RawEvent, type RawEvents } from "../transport";

/** The gateway says something at least every 15 seconds; a connection silent for this long is dead. */
const SILENCE_MS = 45_000;
/** Of how many events the ids are known, so that what comes twice is given out once. */
const KEPT = 1024;
const LONGEST_ASKED_SECONDS = 60;

/** Opens a connection with further headers. */
type Open = (headers: Record<string, string>) => Promise<{ response: Response; deadline: Deadline }>;

/** Follows events over as many connections as it takes: the next one begins after the last event. */
export class Follower implements RawEvents {
  readonly #following: Following;
  readonly #retries: number;
  readonly #open: Open;
  readonly #recent = new Set<string>();
  readonly #closed = new AbortController();
  #lastId: string | undefined;
  #connection: Connection | undefined;
  #failures = 0;
  #wasConnected = false;
  #askedMs: number | undefined;

  constructor(following: Following, retries: number, open: Open) {
    this.#following = following;
    this.#retries = retries;
    this.#open = open;
    this.#lastId = following.after;
    following.call.signal?.addEventListener("abort", () => this.cancel(), { once: true });
  }

  async next(): Promise<RawEvent[]> {
    while (!this.#closed.signal.aborted) {
      try {
        this.#connection ??= await this.#connect();
        const events = (await this.#connection.next()).filter((it) => this.#isNew(it.id));
        this.#failures = 0;
        this.#askedMs = this.#connection.retryMs ?? this.#askedMs;
        this.#lastId = this.#connection.lastId ?? this.#lastId;
        if (events.length > 0) return events;
      } catch (failed) {
        this.#connection?.cancel();
        this.#connection = undefined;
        if (this.#closed.signal.aborted) break;
        await this.#recover(failed);
      }
    }
    const { signal } = this.#following.call;
    if (signal?.aborted === true) throw signal.reason;
    return [];
  }

  cancel(): void {
    this.#closed.abort();
    this.#connection?.cancel();
  }

  async #connect(): Promise<Connection> {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (this.#lastId !== undefined) headers["last-event-id"] = this.#lastId;
    const { response, deadline } = await this.#open(headers);
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream") || response.body === null) {
      deadline.cancel();
      throw new Failure("decode", `the gateway answered '${type}' instead of an event stream`);
    }
    this.#wasConnected = true;
    return new Connection(response.body, deadline);
  }

  /** Waits before another connection, or gives the failure back. */
  async #recover(failed: unknown): Promise<void> {
    if (!(failed instanceof Failure)) throw failed;
    const most = this.#wasConnected ? (this.#following.reconnects ?? Infinity) : this.#retries;
    const mayPass = ["connection", "timeout", "rate_limited", "unavailable", "server"].includes(failed.kind);
    if (!mayPass || this.#failures >= most) throw failed;
    const asked = secondsAsked(failed);
    const delay = asked === undefined ? (this.#askedMs ?? delayMs(this.#failures)) : asked * 1000;
    this.#failures += 1;
    // Closed meanwhile, there is nothing more to wait for.
    await pause(Math.min(delay, LONGEST_ASKED_SECONDS * 1000), this.#closed.signal).catch(() => undefined);
  }

  #isNew(id: string): boolean {
    if (this.#recent.has(id)) return false;
    this.#recent.add(id);
    if (this.#recent.size > KEPT) this.#recent.delete(this.#recent.values().next().value as string);
    return true;
  }
}

/** One connection. */
class Connection {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #deadline: Deadline;
  readonly #parser = new EventParser();
  readonly #decoder = new TextDecoder();

  constructor(body: ReadableStream<Uint8Array>, deadline: Deadline) {
    this.#reader = body.getReader();
    this.#deadline = deadline;
    // From here on it is silence that counts.
    deadline.pause();
  }

  get retryMs(): number | undefined {
    return this.#parser.retryMs;
  }

  get lastId(): string | undefined {
    return this.#parser.lastId;
  }

  /** The events of the next piece. Fails when the connection ended. */
  async next(): Promise<RawEvent[]> {
    let isSilent = false;
    const timer = setTimeout(() => {
      isSilent = true;
      this.cancel();
    }, SILENCE_MS);
    try {
      const { done, value } = await this.#reader.read();
      if (done) throw new Failure("connection", "the gateway ended the event stream");
      return this.#parser.feed(this.#decoder.decode(value, { stream: true }));
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      if (isSilent) throw new Failure("timeout", "the event stream was silent for too long", undefined, cause);
      throw new Failure("connection", `the event stream broke: ${String(cause)}`, undefined, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  cancel(): void {
    this.#deadline.cancel();
  }
}
