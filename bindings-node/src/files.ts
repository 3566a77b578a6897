import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import { OpenWAConfigurationError, OpenWAFileError } from "./errors";
import type { Upload, UploadSource } from "./transport/transport";

/** Pieces of a file: a `Readable` of Node, a `ReadableStream` of the web, or anything else that gives them. */
export type Pieces = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/**
 * A file to send. A path, and bytes in memory, can be sent again when a connection breaks. A stream is sent as it
 * comes when its size is said; without it, it is read into memory first.
 */
export type FileSource =
  | { path: string | URL }
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Pieces
  | { stream: Pieces; size: number };

/** The body of a request that sends a file: by `url` or `base64`, or as `file`, which is streamed. */
export type WithFile<Body> = Body | (Omit<Body, "url" | "base64"> & { file: FileSource; url?: never; base64?: never });

/** What a stream of unknown size may hold. */
const LONGEST_UNSIZED = 128 * 1024 * 1024;

/** The form for a body with a file; nothing where it has none. */
export async function uploadOf(body: unknown): Promise<Upload | undefined> {
  if (typeof body !== "object" || body === null || !("file" in body)) return undefined;
  const { file, ...rest } = body as { file: FileSource | undefined } & Record<string, unknown>;
  if (file === undefined || file === null) return undefined;
  const fields: Array<[string, string]> = [];
  for (const [name, value] of Object.entries(rest)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one === undefined || one === null) continue;
      fields.push([name, typeof one === "object" ? JSON.stringify(one) : String(one)]);
    }
  }
  const source = await sourceOf(file);
  const given = (name: string) => (typeof rest[name] === "string" ? (rest[name] as string) : undefined);
  return { fields, name: given("filename") ?? nameOf(file), mimetype: given("mimetype") ?? typeOf(file), source };
}

async function sourceOf(file: FileSource): Promise<UploadSource> {
  if (file instanceof Uint8Array) return { bytes: file };
  if (file instanceof ArrayBuffer) return { bytes: new Uint8Array(file) };
  if (file instanceof Blob) return { bytes: new Uint8Array(await file.arrayBuffer()) };
  if (typeof file === "object" && "path" in file && !isPieces(file)) {
    return { path: typeof file.path === "string" ? file.path : fileURLToPath(file.path) };
  }
  if (isPieces(file)) return { bytes: await whole(chunksOf(file)) };
  if (typeof file === "object" && "stream" in file && isPieces(file.stream)) {
    if (Number.isSafeInteger(file.size) && file.size >= 0) return { chunks: chunksOf(file.stream), size: file.size };
    throw new OpenWAConfigurationError("the size of a stream must be its number of bytes");
  }
  throw new OpenWAConfigurationError("file must be { path }, a Buffer, a Blob, a stream, or { stream, size }");
}

/** A stream of Node has a path of its own when it reads a file; it is a stream all the same. */
function isPieces(file: object): file is Pieces {
  return Symbol.asyncIterator in file || "getReader" in file;
}

async function* chunksOf(pieces: Pieces): AsyncGenerator<Uint8Array, void, undefined> {
  if (Symbol.asyncIterator in pieces) {
    for await (const piece of pieces as AsyncIterable<unknown>) yield bytesOf(piece);
    return;
  }
  const reader = (pieces as ReadableStream<Uint8Array>).getReader();
  let isFinished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield bytesOf(value);
    }
    isFinished = true;
  } finally {
    if (!isFinished) await reader.cancel();
    reader.releaseLock();
  }
}

function bytesOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === "string") return Buffer.from(piece);
  throw new OpenWAFileError("a stream to send must give bytes");
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of chunks) {
    size += piece.length;
    if (size > LONGEST_UNSIZED) {
      throw new OpenWAFileError("a stream this long needs its size: give { stream, size }");
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

function nameOf(file: FileSource): string | undefined {
  if (file instanceof Blob) return (file as { name?: string }).name;
  if (!("path" in file) || (typeof file.path !== "string" && !(file.path instanceof URL))) return undefined;
  return basename(typeof file.path === "string" ? file.path : fileURLToPath(file.path));
}

function typeOf(file: FileSource): string | undefined {
  return file instanceof Blob && file.type !== "" ? file.type : undefined;
}
