import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname } from "node:path";

import { Failure, type Upload } from "../transport";

/** A form with a file, as the body of a request. */
export interface Form {
  readonly contentType: string;
  /** The pieces, from the beginning. */
  pieces(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** What the most usual files are; others are bytes. */
const TYPES: Readonly<Record<string, string>> = {
  ".gif": "image/gif",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".m4a": "audio/mp4",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
  ".ogg": "audio/ogg",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".txt": "text/plain",
  ".webm": "video/webm",
  ".webp": "image/webp",
};

/** A file that cannot be read fails before anything is sent. */
export async function formOf({ fields, name = "file", mimetype, source }: Upload, isRead: () => void): Promise<Form> {
  if ("path" in source) await check(source.path);
  const boundary = `openwa-${randomUUID()}`;
  const type = mimetype ?? ("path" in source ? TYPES[extname(source.path).toLowerCase()] : undefined);
  let head = "";
  for (const [field, value] of fields) {
    head += `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(field)}"\r\n\r\n${value}\r\n`;
  }
  head += `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${escaped(name)}"\r\n`;
  head += `Content-Type: ${(type ?? "application/octet-stream").replace(/[\r\n]/g, "")}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    async *pieces() {
      yield Buffer.from(head);
      if ("bytes" in source) {
        yield source.bytes;
      } else if ("path" in source) {
        yield* createReadStream(source.path) as AsyncIterable<Uint8Array>;
      } else {
        isRead();
        yield* source.chunks;
      }
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    },
  };
}

async function check(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure("file", `${path} cannot be read; check the path: ${reason}`, undefined, cause);
  }
  throw new Failure("file", `${path} is not a file`);
}

/** As browsers write names in forms. */
function escaped(text: string): string {
  return text.replace(/\r/g, "%0D").replace(/\n/g, "%0A").replace(/"/g, "%22");
}
