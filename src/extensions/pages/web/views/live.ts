import { costToday } from '../../../../core/acts/reading/cost.act.ts';
import {
  type KnownSessions,
  type ShownSession,
  watchSessions,
} from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { money } from '../../html/figures.ts';
import { type SessionRow, sessionRows } from '../../rows/row.ts';

export interface LiveList {
  rows: readonly SessionRow[];
  byKey: ReadonlyMap<string, SessionRow>;
}

/**
 * The time for which sessions are watched after the start and after the last tab closes, since a tab may open again
 * soon.
 */
const LINGER_MS = 60_000;

const COST_EVERY_MS = 30_000;

/** The sessions of this machine, read once for all tabs and watched while a tab is open and for a while after. */
export class LiveSessions {
  readonly #context: ActionContext;
  readonly #ended: AbortSignal;
  /** The sessions that earlier watches have read; unchanged ones are not read again. */
  readonly #known: KnownSessions = new Map();
  readonly #listeners = new Set<() => void>();
  #list: Promise<LiveList> | undefined;
  #watching: AbortController | undefined;
  #cost: Promise<string> = Promise.resolve('');
  #costAt = Number.NEGATIVE_INFINITY;
  #idleTimer = new AbortController();

  /** @param ended aborted when the server ends */
  constructor(context: ActionContext, ended: AbortSignal) {
    this.#context = context;
    this.#ended = ended;
    ended.addEventListener('abort', () => this.#end(), { once: true });
  }

  async list(): Promise<LiveList> {
    // A stream that is about to end would watch again, and keep the process.
    this.#ended.throwIfAborted();
    if (this.#list === undefined) this.#watch();
    return (await this.#list) ?? { rows: [], byKey: new Map() };
  }

  async row(key: string): Promise<SessionRow | undefined> {
    return (await this.list()).byKey.get(key);
  }

  /** What the agents of the shown sessions cost today, such as `$12.40`; at most half a minute old. */
  async costToday(): Promise<string> {
    const { clock } = this.#context;
    if (clock.monotonic() - this.#costAt > COST_EVERY_MS) {
      this.#costAt = clock.monotonic();
      this.#cost = costToday(
        (await this.list()).rows.map(({ session }) => session),
        this.#context,
      ).then(
        (cost) => money(cost) ?? '',
        () => '',
      );
    }
    return await this.#cost;
  }

  /** Calls `listener` at every change until the returned function is called. */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#endWhenIdle();
    };
  }

  #watch(): void {
    const watching = new AbortController();
    this.#watching = watching;
    const { signal } = watching;
    const lists = watchSessions({ signal, known: this.#known }, this.#context);
    const first = lists.next().then(({ value }) => this.#listOf(value ?? []));
    this.#list = first;
    this.#endWhenIdle();
    const following = async () => {
      await first;
      for await (const list of lists) {
        if (signal.aborted) return;
        this.#list = Promise.resolve(this.#listOf(list));
        for (const listener of this.#listeners) listener();
      }
    };
    // The next call of list() throws the error.
    void following()
      .catch(() => undefined)
      .then(() => this.#watching === watching && this.#end());
  }

  #endWhenIdle(): void {
    this.#idleTimer.abort();
    if (this.#ended.aborted) return;
    this.#idleTimer = new AbortController();
    const { signal } = this.#idleTimer;
    const end = () => this.#listeners.size === 0 && this.#end();
    void this.#context.clock.sleep(LINGER_MS, signal).then(end, () => undefined);
  }

  #end(): void {
    this.#idleTimer.abort();
    this.#watching?.abort();
    [this.#watching, this.#list] = [undefined, undefined];
  }

  #listOf(shown: ShownSession[]): LiveList {
    const rows = sessionRows(shown);
    return { rows, byKey: new Map(rows.map((row) => [row.key, row])) };
  }
}
