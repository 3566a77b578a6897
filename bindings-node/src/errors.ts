/** What sort of thing went wrong; the same words in every language. */
export type ErrorKind =
  | "configuration"
  | "connection"
  | "timeout"
  | "authentication"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "invalid_request"
  | "rate_limited"
  | "not_implemented"
  | "unavailable"
  | "server"
  | "decode"
  | "file";

/** What every call fails with. */
export class OpenWAError extends Error {
  /** What sort of thing went wrong. */
  readonly kind: ErrorKind;

  constructor(message: string, kind: ErrorKind = "configuration", options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }

  /** The name of the class, as stack traces show it. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** The client or the call was set up wrongly; nothing was sent. */
export class OpenWAConfigurationError extends OpenWAError {}

/** No connection, or it broke before the answer was complete. */
export class OpenWAConnectionError extends OpenWAError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, "connection", options);
  }
}

/** No complete answer in time. */
export class OpenWATimeoutError extends OpenWAError {
  /** Takes the limit in milliseconds, or a sentence. */
  constructor(limit: number | string, options?: { cause?: unknown }) {
    super(typeof limit === "number" ? `Request timed out after ${limit}ms` : limit, "timeout", options);
  }
}

/** The answer is not what the API document promises, or too long. */
export class OpenWADecodeError extends OpenWAError {
  /** The HTTP status, where there is one. */
  readonly status: number | undefined;
  /** The body as it came, where it was read. */
  readonly body: string | undefined;

  constructor(message: string, status?: number, body?: string, options?: { cause?: unknown }) {
    super(message, "decode", options);
    this.status = status;
    this.body = body;
  }
}

/** A local file or stream could not be read or written. */
export class OpenWAFileError extends OpenWAError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, "file", options);
  }
}

/** The gateway answered, with something else than a success. */
export class OpenWAApiError extends OpenWAError {
  /** The HTTP status. */
  readonly status: number;
  /** The gateway's stable word for it, such as `SESSION_NOT_FOUND`. */
  readonly code: string | undefined;
  /** How many seconds the gateway asked to wait. */
  readonly retryAfter: number | undefined;
  /** The id of the request, as it stands in the gateway's log. */
  readonly requestId: string | undefined;
  /** The body of the answer: parsed where it is JSON, else its text. */
  readonly body: unknown;
  /** The name of the HTTP status, as the body has it. */
  readonly errorKind: string | undefined;
  /** The headers of the answer. */
  readonly headers: Headers | undefined;

  constructor(message: string, status: number, body: unknown, errorKind?: string, headers?: Headers) {
    super(message, kindOf(status));
    this.status = status;
    this.body = body;
    const fields = fieldsOf(body);
    this.errorKind = errorKind ?? text(fields["error"]);
    this.headers = headers;
    this.code = text(fields["code"]);
    this.retryAfter = secondsToWait(fields["retryAfterSeconds"], headers?.get("retry-after"));
    this.requestId = headers?.get("x-request-id") ?? undefined;
  }

  /** The same as `retryAfter`, in whole seconds. */
  get retryAfterSeconds(): number | undefined {
    return this.retryAfter === undefined ? undefined : Math.ceil(this.retryAfter);
  }
}

/** 401: no good API key. */
export class OpenWAAuthError extends OpenWAApiError {}
/** 403: the key may not do this, or WhatsApp refused. */
export class OpenWAForbiddenError extends OpenWAApiError {}
/** 404: there is no such session, message, chat or webhook. */
export class OpenWANotFoundError extends OpenWAApiError {}
/** 409: not in the state for this. */
export class OpenWAConflictError extends OpenWAApiError {}
/** Any other 4xx: the request does not read as this operation's. */
export class OpenWAInvalidRequestError extends OpenWAApiError {}
/** 429: too many requests. */
export class OpenWARateLimitError extends OpenWAApiError {}
/** 501: the session's engine cannot do this. */
export class OpenWANotImplementedError extends OpenWAApiError {}
/** 502, 503 and 504: not now; the outcome of a write may be unknown. */
export class OpenWAServiceUnavailableError extends OpenWAApiError {}
/** Any other 5xx: it failed inside the gateway. */
export class OpenWAServerError extends OpenWAApiError {}

/** The class for a status. */
export function classifyApiError(
  status: number,
  message: string,
  body: unknown,
  errorKind?: string,
  headers?: Headers,
): OpenWAApiError {
  const Class = CLASSES[kindOf(status)] ?? OpenWAApiError;
  return new Class(message, status, body, errorKind, headers);
}

const CLASSES: Partial<Record<ErrorKind, typeof OpenWAApiError>> = {
  authentication: OpenWAAuthError,
  forbidden: OpenWAForbiddenError,
  not_found: OpenWANotFoundError,
  conflict: OpenWAConflictError,
  invalid_request: OpenWAInvalidRequestError,
  rate_limited: OpenWARateLimitError,
  not_implemented: OpenWANotImplementedError,
  unavailable: OpenWAServiceUnavailableError,
  server: OpenWAServerError,
};

/** What sort of failure a status is. A redirect is never followed, so it is a matter of the base URL. */
export function kindOf(status: number): ErrorKind {
  switch (status) {
    case 401:
      return "authentication";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 409:
      return "conflict";
    case 429:
      return "rate_limited";
    case 501:
      return "not_implemented";
    case 502:
    case 503:
    case 504:
      return "unavailable";
  }
  if (status >= 300 && status < 400) return "configuration";
  if (status >= 400 && status < 500) return "invalid_request";
  if (status >= 500 && status < 600) return "server";
  return "decode";
}

/** The fields of a body that is an object. */
export function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

/** What the body asks for counts more than the header, which a proxy may have put there. */
export function secondsToWait(asked: unknown, header: string | null | undefined): number | undefined {
  if (typeof asked === "number" && Number.isFinite(asked) && asked >= 0) return asked;
  const value = header?.trim();
  if (!value) return undefined;
  if (/^\d{1,10}$/.test(value)) return Number(value);
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value)) return undefined;
  const moment = Date.parse(value);
  return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / 1000);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
