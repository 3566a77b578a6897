import { Core, type RequestAnswer, type RequestOptions } from "./core";
import { errorOf } from "./failure";
import { Resources } from "./generated/resources";
import { settingsOf, transportOf, type OpenWAOptions, type Settings } from "./options";
import { FetchTransport } from "./transport/fetch/fetch";
import { loadNative } from "./transport/loader";
import { NativeTransport } from "./transport/native";
import type { Transport } from "./transport/transport";

/**
 * The gateway, seen from here. Make one and keep it: it holds connections.
 *
 * ```ts
 * const client = new OpenWA({ baseUrl: "http://127.0.0.1:2785", apiKey: "owa_k1_…" });
 * await client.messages.sendText(sessionId, { chatId: "15551234567@c.us", text: "Your order ships today." });
 * ```
 */
export class OpenWA extends Resources {
  readonly #core: Core;
  readonly #transport: Transport;

  constructor(options: OpenWAOptions = {}) {
    const transport = transportFor(settingsOf(options), options);
    const core = new Core(transport);
    super(core);
    this.#core = core;
    this.#transport = transport;
  }

  /** What carries the calls. */
  get transport(): "native" | "fetch" {
    return this.#transport.name;
  }

  /** Makes a call that has no method of its own, and gives back all that came. */
  request<T = unknown>(options: RequestOptions): Promise<RequestAnswer<T>> {
    return this.#core.request<T>(options);
  }

  /** Ends all that is under way. An idle client keeps no process alive, so that this is seldom needed. */
  close(): void {
    this.#transport.close();
  }
}

/** The transport that the options ask for. */
export function transportFor(settings: Settings, options: OpenWAOptions): Transport {
  const wanted = transportOf(options);
  try {
    const isNative = wanted === "native" || (wanted === "auto" && isNativeThere());
    return isNative ? new NativeTransport(settings) : new FetchTransport(settings, options.fetch);
  } catch (failed) {
    throw errorOf(failed);
  }
}

let isWarned = false;

/** Without a native module the calls are carried by `fetch`, which is said once. */
function isNativeThere(): boolean {
  try {
    loadNative();
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (!isWarned) process.emitWarning(`calls are carried by fetch: ${why}`, { code: "OPENWA_NO_NATIVE" });
    isWarned = true;
    return false;
  }
}
