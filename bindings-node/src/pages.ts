import type { Page as Paging } from "./operation";

/**
 * A list that comes in pages. Await it for the page that was asked for, or go through all items:
 *
 * ```ts
 * for await (const chat of client.chats.list(sessionId)) console.log(chat.id);
 * ```
 *
 * Nothing is asked for before it is awaited or gone through.
 */
export class Pages<Item, Page> implements Promise<Page>, AsyncIterable<Item> {
  readonly [Symbol.toStringTag] = "Pages";
  readonly #paging: Paging | undefined;
  readonly #query: Record<string, unknown>;
  readonly #fetch: (query: object) => Promise<Page>;
  #first: Promise<Page> | undefined;

  /** @internal */
  constructor(paging: Paging | undefined, query: object, fetch: (query: object) => Promise<Page>) {
    this.#paging = paging;
    this.#query = { ...query };
    this.#fetch = fetch;
  }

  /** The page that was asked for. */
  then<A = Page, B = never>(
    fulfilled?: ((page: Page) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#first ??= this.#fetch(this.#query);
    return this.#first.then(fulfilled, rejected);
  }

  /** As of any promise. */
  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Page | B> {
    return this.then(undefined, rejected);
  }

  /** As of any promise. */
  finally(settled?: (() => void) | null): Promise<Page> {
    return this.then().finally(settled);
  }

  /** All items from here on. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* this.#itemsOf(page);
  }

  /** All pages from here on; none of them is empty. */
  async *pages(): AsyncGenerator<Page, void, undefined> {
    const paging = this.#paging;
    if (paging === undefined) {
      yield await this.then();
      return;
    }
    const query = { ...this.#query };
    if (paging.kind === "cursor") {
      for (;;) {
        const page = await this.#fetch(query);
        if (this.#itemsOf(page).length === 0) return;
        yield page;
        const next = (page as Record<string, unknown>)[paging.next];
        if (next === undefined || next === null || next === query[paging.after]) return;
        query[paging.after] = next;
      }
    }
    const size = typeof query["limit"] === "number" ? query["limit"] : paging.size;
    let offset = typeof query["offset"] === "number" ? query["offset"] : 0;
    for (;;) {
      const page = await this.#fetch({ ...query, limit: size, offset });
      const count = this.#itemsOf(page).length;
      if (count > 0) yield page;
      if (count === 0 || count < size) return;
      offset += count;
    }
  }

  #itemsOf(page: Page): Item[] {
    const name = this.#paging?.items;
    const items = name === undefined ? page : (page as Record<string, unknown>)[name];
    return Array.isArray(items) ? (items as Item[]) : [];
  }
}
