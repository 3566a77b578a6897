import { createHmac, timingSafeEqual } from "node:crypto";

import { OpenWAError } from "./errors";
import type { WebhookDelivery } from "./generated/events";

/** Why a delivery is not to be trusted, or not understood. */
export type WebhookFault = "missing" | "malformed" | "wrong" | "too_old" | "too_new" | "unreadable";

/** A delivery is not to be trusted, or not understood. */
export class OpenWAWebhookError extends OpenWAError {
  /** Why. */
  readonly fault: WebhookFault;

  constructor(fault: WebhookFault, message: string, options?: { cause?: unknown }) {
    super(message, fault === "unreadable" ? "decode" : "authentication", options);
    this.fault = fault;
  }
}

/** Headers as any server gives them. */
export type WebhookHeaders =
  | Headers
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** How deliveries are checked. */
export interface WebhookOptions {
  /** How many seconds the time of a delivery may be from now: 300. */
  toleranceSeconds?: number | undefined;
  /** Now. */
  now?: Date | undefined;
}

/** How many signatures of one delivery are looked at. */
const MOST_SIGNATURES = 16;

/**
 * Tells a delivery of your gateway from a forged one, and reads it. Give the body exactly as it came, before
 * anything parses it, and all headers.
 *
 * Two schemes are known: OpenWA's own `X-OpenWA-Signature`, and Standard Webhooks, which counts where it is there.
 * While one secret is being replaced by another, give both.
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: WebhookOptions = {},
): WebhookDelivery {
  checkWebhook(body, headers, secret, options);
  return parseWebhook(body);
}

/** Only checks: throws where a delivery is not to be trusted. */
export function checkWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options: WebhookOptions = {},
): void {
  const secrets = (typeof secret === "string" ? [secret] : secret).filter((it) => it !== "");
  const signatures = find(headers, "webhook-signature");
  if (signatures !== undefined) {
    checkStandard(body, headers, signatures, secrets, options);
    return;
  }
  const own = find(headers, "x-openwa-signature");
  if (own === undefined) {
    throw fault("missing", "the delivery has no signature; give the webhook a secret, and pass all headers on");
  }
  const digits = /^sha256=([0-9a-f]{64})$/i.exec(own)?.[1];
  if (digits === undefined) throw malformed("X-OpenWA-Signature");
  const given = Buffer.from(digits, "hex");
  if (!secrets.some((it) => timingSafeEqual(mac(it, body), given))) throw wrong();
}

/** Reads the body of a delivery that is trusted. */
export function parseWebhook(body: string | Uint8Array): WebhookDelivery {
  let value: unknown;
  try {
    value = JSON.parse(typeof body === "string" ? body : Buffer.from(body).toString("utf8"));
  } catch (cause) {
    throw new OpenWAWebhookError("unreadable", "the body is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null || typeof (value as { event?: unknown }).event !== "string") {
    throw fault("unreadable", "the body is not a delivery of OpenWA: it names no event");
  }
  return value as WebhookDelivery;
}

/** Whether `sha256=…` is the signature of the body, as OpenWA's own SDK asks it. */
export async function verifyWebhookSignature(
  body: string | Uint8Array,
  header: string | null | undefined,
  secret: string,
): Promise<boolean> {
  try {
    checkWebhook(body, { "x-openwa-signature": header ?? undefined }, secret);
    return true;
  } catch {
    return false;
  }
}

function checkStandard(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  signatures: string,
  secrets: readonly string[],
  { toleranceSeconds = 300, now = new Date() }: WebhookOptions,
): void {
  const id = find(headers, "webhook-id");
  const time = find(headers, "webhook-timestamp");
  if (id === undefined || id === "") throw malformed("webhook-id");
  if (time === undefined || !/^-?\d{1,15}$/.test(time)) throw malformed("webhook-timestamp");
  const given = signatures.split(/\s+/).slice(0, MOST_SIGNATURES).flatMap(standardSignature);
  if (given.length === 0) throw malformed("webhook-signature");
  const fits = (secret: string) => {
    const expected = mac(standardKey(secret), `${id}.${time}.`, body);
    return given.some((it) => it.length === expected.length && timingSafeEqual(it, expected));
  };
  if (!secrets.some(fits)) throw wrong();
  // Asked last, so that only what is genuine is called old.
  const age = Math.floor(now.getTime() / 1000) - Number(time);
  if (age > toleranceSeconds) {
    throw fault("too_old", "the delivery is too old; it may be a replay, or this machine's clock is wrong");
  }
  if (age < -toleranceSeconds) {
    throw fault("too_new", "the delivery is from the future; check the clocks of both machines");
  }
}

function standardSignature(text: string): Buffer[] {
  const encoded = /^v1,([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  return encoded === undefined ? [] : [Buffer.from(encoded, "base64")];
}

/** `whsec_` and base64, or the text itself. */
function standardKey(secret: string): Buffer | string {
  const encoded = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(secret)?.[1];
  return encoded === undefined ? secret : Buffer.from(encoded, "base64");
}

function mac(key: string | Buffer, ...pieces: Array<string | Uint8Array>): Buffer {
  const mac = createHmac("sha256", key);
  for (const piece of pieces) mac.update(piece);
  return mac.digest();
}

/** The first of that name: what comes later may have been added on the way. */
function find(headers: WebhookHeaders, wanted: string): string | undefined {
  if (headers instanceof Headers) return headers.get(wanted)?.trim();
  const entries = Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
  for (const [name, value] of entries) {
    if (value === undefined || name.toLowerCase() !== wanted) continue;
    return (typeof value === "string" ? value : value[0])?.trim();
  }
  return undefined;
}

function fault(kind: WebhookFault, message: string): OpenWAWebhookError {
  return new OpenWAWebhookError(kind, message);
}

function malformed(header: string): OpenWAWebhookError {
  return fault("malformed", `the header ${header} is malformed; pass it on as it came`);
}

function wrong(): OpenWAWebhookError {
  return fault("wrong", "the signature does not fit; check the secret, and that the body is passed on byte by byte");
}
