import type { ActionContext } from '../acts/common/context.ts';
import { pageKey } from '../acts/common/live-page.ts';
import { type KnownSessions, type ShownSession, watchSessions } from '../acts/reading/watch-sessions.act.ts';

/** All sessions of this machine, read once for all who look, and followed only while somebody does. */
export class LiveSessions {
  readonly #context: ActionContext;
  /** What was read before: the first card of a thousand sessions does not wait for all of their files. */
  readonly #known: KnownSessions = new Map();
  #list: Promise<ShownSession[]> | undefined;
  #keys = new Map<string, ShownSession>();
  #watching: AbortController | undefined;
  #bells = new Set<() => void>();

  constructor(context: ActionContext) {
    this.#context = context;
  }

  async list(): Promise<readonly ShownSession[]> {
    // One that failed, as while there is no project, is begun again.
    this.#watching ??= this.#watch();
    return (await this.#list) ?? [];
  }

  async find(key: string): Promise<ShownSession | undefined> {
    await this.list();
    return this.#keys.get(key);
  }

  /** Calls `bell` at every change until the returned function is called. */
  follow(bell: () => void): () => void {
    this.#bells.add(bell);
    return () => {
      this.#bells.delete(bell);
      if (this.#bells.size === 0) this.#end(this.#watching);
    };
  }

  #watch(): AbortController {
    const controller = new AbortController();
    const { signal } = controller;
    const sessions = watchSessions({ signal, known: this.#known }, this.#context);
    this.#list = sessions.next().then(({ value }) => this.#take(value ?? []));
    const first = this.#list;
    void (async () => {
      await first;
      if (this.#bells.size > 0)
        for await (const list of sessions) {
          if (signal.aborted) return;
          this.#list = Promise.resolve(this.#take(list));
          for (const bell of this.#bells) bell();
        }
    })()
      // Whoever reads the list next gets the error.
      .catch(() => undefined)
      .then(() => this.#end(controller));
    return controller;
  }

  #end(watching: AbortController | undefined): void {
    watching?.abort();
    if (this.#watching === watching) [this.#watching, this.#list] = [undefined, undefined];
  }

  #take(list: ShownSession[]): ShownSession[] {
    this.#keys = new Map(list.map((session) => [pageKey(session.view.paths), session]));
    return list;
  }
}
