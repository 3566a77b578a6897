import { OpenWAConfigurationError } from "./errors";

/** How an operation is called. */
export interface Operation {
  readonly method: string;
  /** `/api/sessions/{sessionId}/start`. */
  readonly path: string;
  /** Whether it takes an `Idempotency-Key`. */
  readonly isKeyed: boolean;
  /** Whether its fields may be sent as a form with a file. */
  readonly takesFile: boolean;
  readonly page: Page | undefined;
  /** The path without its parameters. */
  readonly literals: readonly string[];
  /** The names of the parameters. */
  readonly names: readonly string[];
}

/** How the next page is asked for. */
export type Page =
  | { readonly kind: "offset"; readonly size: number; readonly items?: string }
  | { readonly kind: "cursor"; readonly items: string; readonly next: string; readonly after: string };

/** Says how an operation is called; the path is taken apart once. */
export function operation(
  method: string,
  path: string,
  more: { isKeyed?: boolean; takesFile?: boolean; page?: Page } = {},
): Operation {
  const pieces = path.split(/[{}]/);
  return {
    method,
    path,
    isKeyed: more.isKeyed ?? false,
    takesFile: more.takesFile ?? false,
    page: more.page,
    literals: pieces.filter((_, index) => index % 2 === 0),
    names: pieces.filter((_, index) => index % 2 === 1),
  };
}

/** What a query parameter may be. */
export type QueryValue = string | number | boolean | Date | ReadonlyArray<string | number> | null | undefined;

/** The path of a call, with its parameters and its query. */
export function pathOf(operation: Operation, parameters: readonly string[], query?: object): string {
  let path = operation.literals[0] ?? "";
  for (let index = 0; index < parameters.length; index += 1) {
    path += segment(parameters[index], operation.names[index]) + (operation.literals[index + 1] ?? "");
  }
  return query === undefined ? path : path + queryOf(query);
}

/** One segment of a path, percent-encoded. */
export function segment(value: unknown, name = "a segment of the path"): string {
  if (typeof value !== "string") {
    throw new OpenWAConfigurationError(`${name} must be a string, not ${value === null ? "null" : typeof value}`);
  }
  if (PLAIN.test(value) && value !== "." && value !== "..") return value;
  const trimmed = value.trim();
  if (trimmed === "" || trimmed === "." || trimmed === "..") {
    throw new OpenWAConfigurationError(`${name} must not be empty, '.' or '..': give the id of one that exists`);
  }
  // The gateway and older ones take these three as they are.
  return encoded(value).replace(/%40|%3A|%2B/g, decodeURIComponent);
}

const PLAIN = /^[\w.~@:+-]+$/;

/** `?a=b&c=d`, or nothing. What is undefined or null is left out; lists are joined by commas. */
export function queryOf(query: object): string {
  let text = "";
  for (const [name, value] of Object.entries(query) as Array<[string, QueryValue]>) {
    if (value === undefined || value === null) continue;
    text += `${text === "" ? "?" : "&"}${encoded(name)}=${encoded(written(value))}`;
  }
  return text;
}

function written(value: Exclude<QueryValue, null | undefined>): string {
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.join(",") : String(value);
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new OpenWAConfigurationError("text for the address must be well-formed Unicode", "configuration", { cause });
  }
}
