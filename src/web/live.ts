import type { ActionContext } from '../acts/common/context.ts';
import { pageKey } from '../acts/common/live-page.ts';
import { type KnownSessions, type ShownSession, watchSessions } from '../acts/reading/watch-sessions.act.ts';

/** All sessions of this machine, read once for all who look, and only while somebody does. */
export class LiveSessions {
  readonly #context: ActionContext;
  #list: Promise<ShownSession[]> | undefined;
  #keys = new Map<string, ShownSession>();
  readonly #known: KnownSessions = new Map();
  #watching: AbortController | undefined;
  #bells = new Set<() => void>();

  constructor(context: ActionContext) {
    this.#context = context;
  }

  async list(): Promise<readonly ShownSession[]> {
    // One that failed, as while there is no project, is begun again.
    if (this.#bells.size > 0) this.#watching ??= this.#watch();
    this.#list ??= this.#readOnce();
    return await this.#list;
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
      if (this.#bells.size > 0) return;
      this.#watching?.abort();
      this.#watching = undefined;
      this.#list = undefined;
    };
  }

  #watch(): AbortController {
    const controller = new AbortController();
    const { signal } = controller;
    const sessions = watchSessions({ signal, known: this.#known }, this.#context);
    // One reads at a time: what another one notes is no change to it.
    const before = this.#list?.catch(() => undefined);
    const first = Promise.resolve(before)
      .then(() => sessions.next())
      .then(({ value }) => this.#take(value ?? []));
    this.#list = first;
    void (async () => {
      await first;
      for await (const list of sessions) {
        if (signal.aborted) return;
        this.#list = Promise.resolve(this.#take(list));
        for (const bell of this.#bells) bell();
      }
    })().catch(() => {
      // Whoever reads the list next gets the error.
      if (this.#watching === controller) [this.#watching, this.#list] = [undefined, undefined];
    });
    return controller;
  }

  #take(list: ShownSession[]): ShownSession[] {
    this.#keys = new Map(list.map((session) => [pageKey(session.view.paths), session]));
    return list;
  }

  #readOnce(): Promise<ShownSession[]> {
    const { signal } = new AbortController();
    const sessions = watchSessions({ signal, known: this.#known }, this.#context);
    const list = sessions
      .next()
      .then(({ value }) => this.#take(value ?? []))
      .finally(() => {
        if (this.#list === list) this.#list = undefined;
        return sessions.return();
      });
    return list;
  }
}
