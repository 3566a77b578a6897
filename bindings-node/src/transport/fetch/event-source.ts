import { Failure, type RawEvent } from "../transport";

/** The longest event that is read. */
const LONGEST_EVENT = 64 * 1024 * 1024;
/** The longest `retry:` that is honoured. */
const LONGEST_RETRY_MS = 60_000;

/** Cuts server-sent events out of text that comes in any pieces. */
export class EventParser {
  #text = "";
  #data: string[] = [];
  #length = 0;
  #id: string | undefined;
  /** What the gateway asked to wait before the next connection. */
  retryMs: number | undefined;
  /** The last id, also of blocks without data. */
  lastId: string | undefined;

  /** Takes text, and gives the events that it completes. */
  feed(piece: string): RawEvent[] {
    this.#text += piece;
    if (this.#text.length + this.#length > LONGEST_EVENT) {
      throw new Failure("decode", `an event is longer than ${LONGEST_EVENT} characters`);
    }
    const events: RawEvent[] = [];
    const lines = this.#text.split(/\r\n|\n|\r(?!$)/);
    this.#text = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): RawEvent | undefined {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "data") {
      this.#data.push(value);
      this.#length += value.length;
    } else if (field === "id" && !value.includes("\0")) {
      this.#id = value;
    } else if (field === "retry" && /^\d{1,9}$/.test(value)) {
      this.retryMs = Math.min(Number(value), LONGEST_RETRY_MS);
    }
    return undefined;
  }

  #end(): RawEvent | undefined {
    const data = this.#data.join("\n");
    this.lastId = this.#id ?? this.lastId;
    this.#data = [];
    this.#length = 0;
    this.#id = undefined;
    return data === "" || this.lastId === undefined ? undefined : { id: this.lastId, data };
  }
}
