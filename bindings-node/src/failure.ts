import {
  classifyApiError,
  fieldsOf,
  OpenWAConfigurationError,
  OpenWAConnectionError,
  OpenWADecodeError,
  OpenWAError,
  OpenWAFileError,
  OpenWATimeoutError,
} from "./errors";
import { Failure } from "./transport/transport";

/** The error that a caller sees; what is no failure of a transport, such as an abort, stays what it is. */
export function errorOf(failed: unknown): unknown {
  if (!(failed instanceof Failure)) return failed;
  const { kind, message, answer } = failed;
  const options = failed.cause === undefined ? undefined : { cause: failed.cause };
  if (answer !== undefined && kind !== "decode") {
    return classifyApiError(answer.status, message, parsed(answer.text), undefined, answer.headers);
  }
  switch (kind) {
    case "connection":
      return new OpenWAConnectionError(message, options);
    case "timeout":
      return new OpenWATimeoutError(message, options);
    case "decode":
      return new OpenWADecodeError(message, answer?.status, answer?.text, options);
    case "file":
      return new OpenWAFileError(message, options);
    case "configuration":
      return new OpenWAConfigurationError(message, kind, options);
    default:
      return new OpenWAError(message, kind, options);
  }
}

/** The value where the text is JSON, else the text itself; nothing where there is none. */
export function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The gateway's sentence in a body, where there is one. */
export function sentenceOf(body: unknown): string | undefined {
  const message = fieldsOf(body)["message"];
  if (typeof message === "string") return message;
  if (Array.isArray(message)) return message.map(String).join(", ");
  return undefined;
}
