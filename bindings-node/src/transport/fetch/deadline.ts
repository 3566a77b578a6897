/** Ends a request that takes too long, or that its caller gave up. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #limitMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #abort: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #cleared: () => void = () => {};

  /** 0 and `Infinity` are no limit. */
  constructor(limitMs: number, signal: AbortSignal | undefined) {
    this.#limitMs = limitMs;
    this.#signal = signal;
    this.#abort = () => this.#controller.abort(signal?.reason);
    if (signal?.aborted === true) this.#abort();
    else signal?.addEventListener("abort", this.#abort, { once: true });
    this.touch();
  }

  /** For `fetch`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was the time that ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something moved: the time begins anew. */
  touch(): void {
    clearTimeout(this.#timer);
    // Timers of JavaScript hold at most 31 bits of milliseconds.
    if (this.#limitMs <= 0 || this.#limitMs > 0x7fff_ffff) return;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, this.#limitMs);
  }

  /** Nothing is waited for at the moment. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Calls this when it is done, or ended from this side. */
  whenCleared(cleared: () => void): void {
    this.#cleared = cleared;
  }

  /** It is done. */
  clear(): void {
    this.#cleared();
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
  }

  /** Ends the request from this side. */
  cancel(): void {
    this.clear();
    this.#controller.abort();
  }
}
