import { segment } from "../operation";
import type { BinaryResponse, OpenWARequestOptions } from "./http";

/** What a body is: passed through as it is given. */
export type Body = object;

/** An answer whose shape depends on the gateway's version. */
export type Json = Record<string, unknown>;

/** What most actions answer. */
export interface SuccessResult extends Json {
  success: boolean;
}

/** The client, as far as resources need it. */
export interface Requester {
  request<T>(options: OpenWARequestOptions): Promise<T>;
  /** @internal */
  fetchFile(path: string): Promise<BinaryResponse>;
}

/** Makes the calls of a resource. */
export class Http {
  readonly #client: Requester;

  constructor(client: Requester) {
    this.#client = client;
  }

  get<T>(path: Path, query?: object): Promise<T> {
    return this.#call("GET", path, undefined, query);
  }

  post<T>(path: Path, body?: unknown): Promise<T> {
    return this.#call("POST", path, body);
  }

  put<T>(path: Path, body?: unknown): Promise<T> {
    return this.#call("PUT", path, body);
  }

  patch<T>(path: Path, body?: unknown): Promise<T> {
    return this.#call("PATCH", path, body);
  }

  delete<T>(path: Path, body?: unknown): Promise<T> {
    return this.#call("DELETE", path, body);
  }

  async file(path: Path): Promise<BinaryResponse> {
    return this.#client.fetchFile(joined(path));
  }

  async #call<T>(method: OpenWARequestOptions["method"], path: Path, body?: unknown, query?: object): Promise<T> {
    return this.#client.request<T>({ method, path: joined(path), body, query });
  }
}

/** Calls of one kind. */
export class Resource {
  protected readonly http: Http;

  /** @internal */
  constructor(client: Requester) {
    this.http = new Http(client);
  }
}

/** Literals and ids in turn. */
export interface Path {
  readonly literals: readonly string[];
  readonly ids: readonly string[];
}

/** A path with ids, which are encoded, and refused when they would lead elsewhere. */
export function path(literals: TemplateStringsArray, ...ids: string[]): Path {
  return { literals, ids };
}

/** A path below a session. */
export function ofSession(session: string): (literals: TemplateStringsArray, ...ids: string[]) => Path {
  return (literals, ...ids) => ({
    literals: ["/api/sessions/", literals[0] ?? "", ...literals.slice(1)],
    ids: [session, ...ids],
  });
}

function joined({ literals, ids }: Path): string {
  let text = literals[0] ?? "";
  ids.forEach((id, index) => (text += segment(id, "an id") + (literals[index + 1] ?? "")));
  return text;
}
