import { Readable } from "node:stream";

import { OpenWADecodeError } from "./errors";
import { errorOf } from "./failure";
import type { Incoming } from "./transport/transport";

/** What is read into memory at most, unless said otherwise. */
const LONGEST = 256 * 1024 * 1024;

/** Lets go of connections that nobody reads any more. */
const forgotten = new FinalizationRegistry<Incoming>((incoming) => incoming.cancel());

/** A file that the gateway sends, read as it comes and only once: as a whole, into a file, or piece by piece. */
export class Download implements AsyncIterable<Buffer> {
  /** The HTTP status. */
  readonly status: number;
  /** The headers of the answer. */
  readonly headers: Headers;
  readonly #incoming: Incoming;

  /** @internal */
  constructor(incoming: Incoming) {
    this.#incoming = incoming;
    this.status = incoming.status;
    this.headers = incoming.headers;
    forgotten.register(this, incoming, incoming);
  }

  /** Its MIME type. */
  get contentType(): string | undefined {
    return this.headers.get("content-type") ?? undefined;
  }

  /** How long it is, if the gateway says so. */
  get size(): number | undefined {
    const length = this.headers.get("content-length");
    return length === null ? undefined : Number(length);
  }

  /** Its name as the gateway gives it, without any folder. */
  get fileName(): string | undefined {
    return fileNameOf(this.headers.get("content-disposition") ?? "");
  }

  /** The id of the request, as it stands in the gateway's log. */
  get requestId(): string | undefined {
    return this.headers.get("x-request-id") ?? undefined;
  }

  /** Piece by piece, no faster than they are taken. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        const chunk = await this.#incoming.read();
        if (chunk === undefined) return;
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      }
    } catch (failed) {
      throw errorOf(failed);
    } finally {
      this.cancel();
    }
  }

  /** As a stream of Node. */
  stream(): Readable {
    return Readable.from(this, { objectMode: false });
  }

  /** As a stream of the web. */
  webStream(): ReadableStream<Uint8Array> {
    const pieces = this[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { value } = await pieces.next();
        if (value === undefined) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return();
      },
    });
  }

  /** All of it, when it is at most `longest` bytes: 256 MiB where nothing is said. */
  async buffer(longest: number = LONGEST): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of this) {
      size += piece.length;
      if (size > longest) {
        throw new OpenWADecodeError(`the file is longer than ${longest} bytes; save it, or read it piece by piece`);
      }
      pieces.push(piece);
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, size);
  }

  /** Writes all of it to a file, which is there only when it is complete; says how much that was. */
  async save(path: string): Promise<number> {
    try {
      return await this.#incoming.save(path);
    } catch (failed) {
      throw errorOf(failed);
    } finally {
      this.cancel();
    }
  }

  /** Lets go of it unread. */
  cancel(): void {
    forgotten.unregister(this.#incoming);
    this.#incoming.cancel();
  }
}

/** The name in a `Content-Disposition`, the UTF-8 form first. */
export function fileNameOf(disposition: string): string | undefined {
  const encoded = /;\s*filename\*\s*=\s*UTF-8''([^;]+)/i.exec(disposition)?.[1];
  const plain = /;\s*filename\s*=\s*(?:"([^"]*)"|([^;]+))/i.exec(disposition);
  const name = (encoded === undefined ? undefined : unescaped(encoded)) ?? plain?.[1] ?? plain?.[2];
  const last = name?.split(/[/\\]/).pop()?.trim();
  return last === undefined || last === "" || last === "." || last === ".." ? undefined : last;
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
