import { Download } from "./download";
import { OpenWADecodeError } from "./errors";
import { EventStream, type FollowOptions } from "./event-stream";
import { errorOf } from "./failure";
import { uploadOf } from "./files";
import { pathOf, type Operation } from "./operation";
import { Pages } from "./pages";
import type { Answer, Call, Transport, WholeAnswer } from "./transport/transport";

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call: its promise is rejected with the signal's reason, and the request is ended. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for each attempt, instead of the client's. */
  timeoutMs?: number | undefined;
  /** How often it is tried again, instead of the client's number. */
  maxRetries?: number | undefined;
  /** Further headers. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Options of a call that takes an idempotency key. */
export interface SendOptions extends CallOptions {
  /**
   * The same call with the same key takes effect once, even when it is made again by another process. One is made
   * for each call where none is given.
   */
  idempotencyKey?: string | undefined;
}

/** A call that has no method of its own. */
export interface RequestOptions extends SendOptions {
  /** `GET`, `POST` and so on. */
  method: string;
  /** Begins with a slash: `/api/sessions`. */
  path: string;
  /** Query parameters; what is undefined or null is left out. */
  query?: object | undefined;
  /** What is sent as JSON. */
  body?: unknown;
}

/** What a call without a method of its own brings. */
export interface RequestAnswer<T> {
  status: number;
  headers: Headers;
  /** The id of the request, as it stands in the gateway's log. */
  requestId: string | undefined;
  /** The body: parsed where it is JSON, else its text. */
  data: T;
}

/** The parts of a call beside its path. */
export interface Parts {
  readonly body?: unknown;
  readonly query?: object | undefined;
}

/** Makes calls of operations, and values of answers. Every resource stands on it. */
export class Core {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Reads the answer as JSON. */
  async json<T>(operation: Operation, parameters: string[], parts: Parts, options?: SendOptions): Promise<T> {
    const call = callOf(operation, parameters, parts, options);
    let answer: Answer;
    try {
      answer = await this.#sent(operation, call, parts);
    } catch (failed) {
      throw errorOf(failed);
    }
    return decoded(answer) as T;
  }

  /** Expects nothing back. */
  async empty(operation: Operation, parameters: string[], parts: Parts, options?: SendOptions): Promise<void> {
    const call = callOf(operation, parameters, parts, options);
    try {
      await this.#sent(operation, call, parts);
    } catch (failed) {
      throw errorOf(failed);
    }
  }

  /** One page, or all items. */
  pages<Item, Page>(operation: Operation, parameters: string[], parts: Parts, options?: CallOptions): Pages<Item, Page> {
    const fetch = (query: object) => this.json<Page>(operation, parameters, { ...parts, query }, options);
    return new Pages<Item, Page>(operation.page, parts.query ?? {}, fetch);
  }

  /** A file, as it comes. */
  async download(operation: Operation, parameters: string[], parts: Parts, options?: CallOptions): Promise<Download> {
    const call = callOf(operation, parameters, parts, options);
    try {
      return new Download(await this.#transport.download(call));
    } catch (failed) {
      throw errorOf(failed);
    }
  }

  /** Events, as they come. */
  events(operation: Operation, parameters: string[], parts: Parts, options?: FollowOptions): EventStream {
    const { after, ...query } = { after: undefined, ...parts.query } as { after?: number | string | undefined };
    const call = () => callOf(operation, parameters, { query }, options);
    return new EventStream(this.#transport, call, after === undefined ? undefined : String(after), options);
  }

  /** A call that has no method of its own. */
  async request<T>(options: RequestOptions): Promise<RequestAnswer<T>> {
    const { method, path, query, body, idempotencyKey } = options;
    const made = { ...callOptions(options), method, path: path + pathOf(NOWHERE, [], query), body: written(body) };
    let answer: WholeAnswer;
    try {
      answer = await this.#transport.sendWhole({ ...made, idempotencyKey });
    } catch (failed) {
      throw errorOf(failed);
    }
    const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
    const data = (isJson ? decoded(answer) : answer.text || undefined) as T;
    const requestId = answer.headers.get("x-request-id") ?? undefined;
    return { status: answer.status, headers: answer.headers, requestId, data };
  }

  async #sent(operation: Operation, call: Call, { body }: Parts): Promise<Answer> {
    const upload = operation.takesFile ? await uploadOf(body) : undefined;
    return upload === undefined ? this.#transport.send(call) : this.#transport.upload({ ...call, body: undefined }, upload);
  }
}

const NOWHERE: Operation = {
  method: "",
  path: "",
  isKeyed: false,
  takesFile: false,
  page: undefined,
  literals: [""],
  names: [],
};

function callOf(operation: Operation, parameters: string[], { body, query }: Parts, options?: SendOptions): Call {
  const hasFile = operation.takesFile && typeof body === "object" && body !== null && "file" in body;
  return {
    method: operation.method,
    path: pathOf(operation, parameters, query),
    body: hasFile ? undefined : written(body),
    idempotencyKey: operation.isKeyed ? (options?.idempotencyKey ?? "") : undefined,
    ...(options === undefined ? undefined : callOptions(options)),
  };
}

function callOptions({ signal, timeoutMs, maxRetries, headers }: CallOptions): Partial<Call> {
  return { signal, timeoutMs, maxRetries, headers };
}

function written(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

function decoded({ status, text }: Answer): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `the gateway answered ${status} with something else than JSON`;
    const advice = "check that the base URL leads to a gateway of a version this client knows";
    throw new OpenWADecodeError(`${message}; ${advice}`, status, text, { cause });
  }
}
