import type { CallOptions } from "./core";
import { OpenWADecodeError } from "./errors";
import { errorOf } from "./failure";
import type { GatewayEvent } from "./generated/events";
import type { Call, RawEvent, RawEvents, Transport } from "./transport/transport";

/** Options of following events. */
export interface FollowOptions extends CallOptions {
  /** What carries the events: `sse`, which passes every proxy, or `websocket`. */
  carrier?: "sse" | "websocket" | undefined;
  /** How many attempts in a row may fail once a connection was made; no end where nothing is said. */
  reconnects?: number | undefined;
}

/**
 * Events of the log as they come, over as many connections as it takes: when one ends, the next begins after the
 * last event, so that none is missed and none comes twice.
 *
 * ```ts
 * for await (const event of client.events.stream({ types: "message.received" })) {
 *   if (event.event === "message.received") console.log(event.data.body);
 * }
 * ```
 *
 * A newer gateway may send kinds of events that have no type here: let them pass.
 */
export class EventStream implements AsyncIterableIterator<GatewayEvent> {
  readonly #transport: Transport;
  readonly #call: () => Call;
  readonly #options: FollowOptions;
  #events: RawEvents | undefined;
  #waiting: RawEvent[] = [];
  #isOver = false;
  #lastEventId: string | undefined;
  /** One question at a time, whoever asks. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(transport: Transport, call: () => Call, after: string | undefined, options: FollowOptions = {}) {
    this.#transport = transport;
    this.#call = call;
    this.#options = options;
    this.#lastEventId = after;
  }

  /** Where the last event stands in the log: what to give as `after` to go on from there after a restart. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event. */
  next(): Promise<IteratorResult<GatewayEvent, undefined>> {
    const next = this.#turn.then(() => this.#next());
    this.#turn = next.catch(() => undefined);
    return next;
  }

  /** Ends the stream: what a `break` in a `for await` does. */
  async return(): Promise<IteratorResult<GatewayEvent, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** Ends the stream and its connection. */
  close(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#events?.cancel();
  }

  async #next(): Promise<IteratorResult<GatewayEvent, undefined>> {
    try {
      if (this.#waiting.length === 0 && !this.#isOver) {
        const { carrier = "sse", reconnects } = this.#options;
        const after = this.#lastEventId;
        this.#events ??= this.#transport.follow({ call: this.#call(), after, carrier, reconnects });
        // The last first, so that taking one moves nothing.
        this.#waiting = (await this.#events.next()).reverse();
      }
    } catch (failed) {
      const isClosed = this.#isOver;
      this.close();
      if (!isClosed) throw errorOf(failed);
    }
    const event = this.#waiting.pop();
    if (event === undefined) {
      this.close();
      return { done: true, value: undefined };
    }
    this.#lastEventId = event.id;
    return { done: false, value: read(event) };
  }
}

function read(event: RawEvent): GatewayEvent {
  try {
    return JSON.parse(event.data) as GatewayEvent;
  } catch (cause) {
    throw new OpenWADecodeError(`the event ${event.id} is not JSON`, undefined, event.data, { cause });
  }
}
