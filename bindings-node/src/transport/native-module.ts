/** What `native/` in this folder makes, as JavaScript sees it. */
export interface NativeModule {
  readonly NativeTransport: new (options: NativeOptions, wake: () => void) => NativeBinding;
}

export interface NativeOptions {
  baseUrl: string;
  apiKey: string;
  timeoutMs: number;
  maxRetries: number;
  longestAnswer: number;
  userAgent: string;
  headers: Array<[string, string]>;
  proxy?: string | undefined;
  certificate?: string | undefined;
}

export interface NativeSettings {
  timeoutMs?: number | undefined;
  maxRetries?: number | undefined;
  headers?: Array<[string, string]> | undefined;
}

export interface NativeFile {
  fields: Array<[string, string]>;
  name?: string | undefined;
  mimetype?: string | undefined;
  path?: string | undefined;
  bytes?: Buffer | undefined;
  size?: number | undefined;
}

/** Calls by number; what comes of them is taken when `wake` is called. */
export interface NativeBinding {
  send(
    id: number,
    method: string,
    path: string,
    body: string | undefined,
    key: string | undefined,
    settings: NativeSettings | undefined,
    whole: boolean,
  ): void;
  upload(
    id: number,
    method: string,
    path: string,
    key: string | undefined,
    settings: NativeSettings | undefined,
    file: NativeFile,
  ): void;
  push(id: number, piece: Buffer): boolean;
  finish(id: number, fault?: string): void;
  download(id: number, method: string, path: string, settings: NativeSettings | undefined): void;
  follow(
    id: number,
    path: string,
    settings: NativeSettings | undefined,
    after: string | undefined,
    isWebSocket: boolean,
    reconnects: number | undefined,
  ): void;
  more(id: number): boolean;
  save(id: number, path: string): boolean;
  /** Number, tag and value of all that came, in turn. */
  take(): unknown[];
  abort(id: number): void;
  /** Ends all that is under way. */
  close(): void;
}

/** What came, where the tag is not the status of an answer that is told by its text alone. */
export const Tag = {
  failure: 0,
  whole: 1,
  head: 2,
  piece: 3,
  events: 4,
  saved: 5,
  end: 6,
  pull: 7,
} as const;

/** Why a call failed. */
export interface NativeFailure {
  kind: string;
  message: string;
  status?: number | null;
  headers: string[];
  text: string;
  cause?: string | null;
}

/** An answer with all that came, or the head of a file. */
export interface NativeWhole {
  status: number;
  headers: string[];
  text: string;
}
