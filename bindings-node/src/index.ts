/**
 * The Node SDK of OpenWA, the self-hosted WhatsApp gateway: {@link OpenWA} is the door, {@link verifyWebhook} the one
 * for webhooks, and {@link OpenWAClient} has the names of OpenWA's own SDK.
 */
export { OpenWA } from "./client";
export type { OpenWAOptions } from "./options";
export type { CallOptions, RequestAnswer, RequestOptions, SendOptions } from "./core";
export { Download } from "./download";
export { EventStream, type FollowOptions } from "./event-stream";
export type { FileSource, Pieces, WithFile } from "./files";
export { Pages } from "./pages";
export {
  classifyApiError,
  OpenWAApiError,
  OpenWAAuthError,
  OpenWAConfigurationError,
  OpenWAConflictError,
  OpenWAConnectionError,
  OpenWADecodeError,
  OpenWAError,
  OpenWAFileError,
  OpenWAForbiddenError,
  OpenWAInvalidRequestError,
  OpenWANotFoundError,
  OpenWANotImplementedError,
  OpenWARateLimitError,
  OpenWAServerError,
  OpenWAServiceUnavailableError,
  OpenWATimeoutError,
  type ErrorKind,
} from "./errors";
export {
  checkWebhook,
  OpenWAWebhookError,
  parseWebhook,
  verifyWebhook,
  verifyWebhookSignature,
  type WebhookFault,
  type WebhookHeaders,
  type WebhookOptions,
} from "./webhook";
export type * from "./generated/events";
export type * from "./generated/resources";
export type * from "./generated/types";
export { OpenWAClient, OpenWAClient as default, type OpenWAClientOptions } from "./compat/client";
export {
  buildUrl,
  warnIfInsecureHttpUrl,
  type BinaryResponse,
  type FetchLike,
  type HttpMethod,
  type OpenWARequestOptions,
} from "./compat/http";
export type * from "./compat/types";
export { VERSION } from "./version";
