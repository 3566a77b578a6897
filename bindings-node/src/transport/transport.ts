import type { ErrorKind } from "../errors";

/** One request, made of what every transport understands. */
export interface Call {
  readonly method: string;
  /** Percent-encoded, with its leading slash and its query. */
  readonly path: string;
  /** JSON, already written. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Absent: the operation takes none. Empty: one is made for this call. */
  readonly idempotencyKey?: string | undefined;
  /** Milliseconds for each attempt; 0 and `Infinity` are no limit. */
  readonly timeoutMs?: number | undefined;
  readonly maxRetries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A success. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** An answer with all that came. */
export interface WholeAnswer extends Answer {
  readonly headers: Headers;
}

/** A file to send. */
export interface Upload {
  readonly fields: ReadonlyArray<readonly [string, string]>;
  readonly name: string | undefined;
  readonly mimetype: string | undefined;
  readonly source: UploadSource;
}

/** Where a file to send comes from. What is in memory or on disk can be sent again. */
export type UploadSource =
  | { readonly path: string }
  | { readonly bytes: Uint8Array }
  | { readonly chunks: AsyncIterable<Uint8Array>; readonly size: number };

/** A file that comes. */
export interface Incoming {
  readonly status: number;
  readonly headers: Headers;
  /** The next piece; none at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Writes the rest to a file, which is there only when it is complete; says how much that was. */
  save(path: string): Promise<number>;
  /** Lets go of the connection. */
  cancel(): void;
}

/** One event as it came. */
export interface RawEvent {
  readonly id: string;
  /** JSON. */
  readonly data: string;
}

/** What is followed. */
export interface Following {
  readonly call: Call;
  /** The id to go on from. */
  readonly after: string | undefined;
  readonly carrier: "sse" | "websocket";
  /** How many attempts in a row may fail once a connection was made. */
  readonly reconnects: number | undefined;
}

/** Events, over as many connections as it takes. */
export interface RawEvents {
  /** At least one event, and whatever has come with it. */
  next(): Promise<RawEvent[]>;
  cancel(): void;
}

/** What carries calls to the gateway: the native module, or `fetch`. Every promise is rejected with a {@link Failure}. */
export interface Transport {
  readonly name: "native" | "fetch";
  send(call: Call): Promise<Answer>;
  sendWhole(call: Call): Promise<WholeAnswer>;
  upload(call: Call, upload: Upload): Promise<Answer>;
  download(call: Call): Promise<Incoming>;
  follow(following: Following): RawEvents;
  close(): void;
}

/** Why a call failed, before it is made into an error of its class. */
export class Failure {
  constructor(
    readonly kind: ErrorKind,
    readonly message: string,
    /** What the gateway answered, if it did. */
    readonly answer?: WholeAnswer,
    readonly cause?: unknown,
  ) {}
}
