import { transportFor } from "../client";
import { OpenWAConfigurationError } from "../errors";
import type { KeyValidation } from "../generated/types";
import { settingsOf } from "../options";
import type { Transport } from "../transport/transport";
import { CatalogResource, MediaResource, StatusResource, TemplatesResource } from "./content";
import { ChannelsResource, GroupsResource, LabelsResource } from "./groups";
import {
  fetched,
  requested,
  warnIfInsecureHttpUrl,
  type BinaryResponse,
  type FetchLike,
  type OpenWARequestOptions,
} from "./http";
import { MessagesResource } from "./messages";
import { ChatsResource, ContactsResource } from "./people";
import type { Requester } from "./resource";
import {
  CallsResource,
  HealthResource,
  ProfileResource,
  SearchResource,
  SessionsResource,
  WebhooksResource,
} from "./sessions";

/** Options of an {@link OpenWAClient}. */
export interface OpenWAClientOptions {
  /** Where the gateway is: `http://localhost:2785`. */
  baseUrl: string;
  /** The API key. */
  apiKey: string;
  /** Milliseconds for a request: 30000. 0 and `Infinity` are no limit. */
  timeoutMs?: number | undefined;
  /** Headers to send with every request. */
  defaultHeaders?: Record<string, string> | undefined;
  /** Another `fetch`; the requests are then carried by it. */
  fetch?: FetchLike | undefined;
}

/**
 * The names, arguments and answers of OpenWA's own SDK for JavaScript, so that its users change an import and nothing
 * else: one request for each call, never repeated, never redirected, bodies passed through.
 *
 * Routes that the gateway does not have answer with {@link OpenWANotFoundError}. For new programs there is `OpenWA`.
 */
export class OpenWAClient implements Requester {
  readonly sessions = new SessionsResource(this);
  readonly messages = new MessagesResource(this);
  readonly contacts = new ContactsResource(this);
  readonly groups = new GroupsResource(this);
  readonly webhooks = new WebhooksResource(this);
  readonly chats = new ChatsResource(this);
  readonly status = new StatusResource(this);
  readonly health = new HealthResource(this);
  readonly labels = new LabelsResource(this);
  readonly channels = new ChannelsResource(this);
  readonly catalog = new CatalogResource(this);
  readonly templates = new TemplatesResource(this);
  readonly search = new SearchResource(this);
  readonly profile = new ProfileResource(this);
  readonly calls = new CallsResource(this);
  readonly media = new MediaResource(this);

  readonly #transport: Transport;
  readonly #timeoutMs: number;

  constructor(options: OpenWAClientOptions) {
    const { baseUrl, apiKey, timeoutMs = 30_000, defaultHeaders, fetch } = options;
    if (!baseUrl) throw new OpenWAConfigurationError("OpenWAClient: baseUrl is required");
    if (!apiKey) throw new OpenWAConfigurationError("OpenWAClient: apiKey is required");
    warnIfInsecureHttpUrl(baseUrl);
    const all = { baseUrl, apiKey, timeoutMs, maxRetries: 0, headers: defaultHeaders, fetch };
    this.#transport = transportFor(settingsOf(all), all);
    this.#timeoutMs = timeoutMs;
  }

  /** Says what the key may do. */
  auth(): Promise<KeyValidation> {
    return this.request({ method: "POST", path: "/api/auth/validate" });
  }

  /** Makes any request: gives the JSON of the answer, its text where it is none, `null` where there is nothing. */
  request<T = unknown>(options: OpenWARequestOptions): Promise<T> {
    return requested<T>(this.#transport, options, this.#timeoutMs);
  }

  /** @internal */
  fetchFile(path: string): Promise<BinaryResponse> {
    return fetched(this.#transport, path, this.#timeoutMs);
  }
}

export default OpenWAClient;
