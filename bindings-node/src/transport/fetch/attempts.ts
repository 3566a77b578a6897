import { fieldsOf, kindOf, secondsToWait, type ErrorKind } from "../../errors";
import { parsed, sentenceOf } from "../../failure";
import { Failure, type Call, type WholeAnswer } from "../transport";

const FIRST_MS = 500;
const LONGEST_MS = 8_000;
/** Who asks for more is told to the caller instead. */
const LONGEST_ASKED_SECONDS = 60;

/** A failure, and whether the gateway cannot have seen the request. */
export class Attempt extends Failure {
  constructor(
    kind: ErrorKind,
    message: string,
    readonly isUnsent: boolean,
    answer?: WholeAnswer,
    cause?: unknown,
  ) {
    super(kind, message, answer, cause);
  }
}

/** Makes a call as often as it takes: those that only read, and those with a key, are tried again. */
export async function attempted<T>(
  call: Call,
  key: string | undefined,
  most: number,
  canRepeat: () => boolean,
  attempt: () => Promise<T>,
): Promise<T> {
  const isRepeatable = call.method === "GET" || call.method === "HEAD" || key !== undefined;
  for (let made = 0; ; made += 1) {
    try {
      return await attempt();
    } catch (failed) {
      if (!(failed instanceof Failure)) throw failed;
      const asked = secondsAsked(failed);
      const isInReach = asked === undefined || asked <= LONGEST_ASKED_SECONDS;
      if (made >= most || !isInReach || !mayRepeat(failed, made, isRepeatable) || !canRepeat()) throw failed;
      await pause(asked === undefined ? delayMs(made) : asked * 1000, call.signal);
    }
  }
}

function mayRepeat(failed: Failure, made: number, isRepeatable: boolean): boolean {
  if (failed instanceof Attempt && failed.isUnsent) return true;
  if (!isRepeatable) return false;
  const { kind, answer } = failed;
  if (answer === undefined) return kind === "connection" || kind === "timeout";
  if ([408, 429, 500, 502, 503, 504].includes(answer.status)) return kind !== "decode";
  // An earlier attempt of this very call is still at work.
  return answer.status === 409 && made > 0 && codeOf(answer) === "IDEMPOTENCY_KEY_IN_PROGRESS";
}

/** Half a second, doubled each time up to eight, less a random part, so that clients do not come back together. */
export function delayMs(made: number): number {
  const whole = Math.min(FIRST_MS * 2 ** Math.min(made, 16), LONGEST_MS);
  return whole * (1 - 0.5 * Math.random());
}

/** How long the gateway asked to wait. */
export function secondsAsked({ answer }: Failure): number | undefined {
  if (answer === undefined) return undefined;
  const asked = fieldsOf(parsed(answer.text))["retryAfterSeconds"];
  return secondsToWait(asked, answer.headers.get("retry-after"));
}

/** Waits, unless the call is aborted meanwhile. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/** The failure that an answer is. */
export function answered(answer: WholeAnswer): Attempt {
  const { status, headers } = answer;
  const body = parsed(answer.text);
  const kind = kindOf(status);
  const code = codeOf(answer);
  const asked = secondsToWait(fieldsOf(body)["retryAfterSeconds"], headers.get("retry-after"));
  const id = headers.get("x-request-id");
  let message = `the gateway answered ${status}${code === undefined ? "" : ` ${code}`}: `;
  message += sentenceOf(body)?.slice(0, 2000) ?? plain(answer);
  message += ADVICE[kind] === undefined ? "" : `; ${ADVICE[kind]}`;
  message += asked === undefined ? "" : ` (it asks to wait ${asked} s)`;
  return new Attempt(kind, message + (id === null ? "" : ` [request ${id}]`), false, answer);
}

/** What a person can do about it. */
export const ADVICE: Partial<Record<ErrorKind, string>> = {
  connection: "check that the gateway runs and that the base URL (OPENWA_BASE_URL) leads to it",
  timeout: "give the call a longer timeout, or look whether the gateway is overloaded",
  authentication: "check the API key (OPENWA_API_KEY)",
  forbidden: "use a key whose role and sessions allow it",
  rate_limited: "slow down, or try again later",
  decode: "check that the base URL leads to a gateway of a version this client knows",
};

function plain({ status, headers }: WholeAnswer): string {
  if (status < 300 || status >= 400) return "an answer without a sentence";
  const target = headers.get("location") ?? "another address";
  return `it redirects to ${target}; redirects are not followed, set the base URL to the final address`;
}

function codeOf(answer: WholeAnswer): string | undefined {
  const code = fieldsOf(parsed(answer.text))["code"];
  return typeof code === "string" ? code : undefined;
}
