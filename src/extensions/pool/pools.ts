import { identityAt } from '../../core/kernel/files/path-stats.ts';
import { contextOfPart, type NewPart, type SupervisorPart } from '../../core/supervisor/part.ts';
import type { Scan } from '../../core/supervisor/scan.ts';
import type { Supervisor } from '../../core/supervisor/supervisor.ts';
import { poolFilePath } from './pool-file.ts';

/** The pools that this machine belongs to; without any, their code is not loaded. */
class Pools implements SupervisorPart {
  readonly #supervisor: Supervisor;
  readonly #scan: Scan;
  #seen = '';
  #running: { ended: AbortController; done: Promise<void> } | undefined;

  constructor(supervisor: Supervisor, scan: Scan) {
    this.#supervisor = supervisor;
    this.#scan = scan;
  }

  keepsAlive(): boolean {
    return this.#running !== undefined;
  }

  /** Starts or restarts this machine's membership when the file that lists the pools has changed. */
  async poll(): Promise<number> {
    const seen = identityAt(poolFilePath(this.#supervisor.home));
    if (seen !== this.#seen) await this.#join(seen);
    return Number.POSITIVE_INFINITY;
  }

  async #join(seen: string): Promise<void> {
    this.#seen = seen;
    await this.end();
    if (seen === '') return;
    const { runMembers } = await import('./membership/run-members.ts');
    const ended = new AbortController();
    const context = await contextOfPart(this.#supervisor);
    const report = (what: string, error: unknown) => this.#scan.report(what, error);
    const { identity, say } = this.#supervisor;
    const done = runMembers(context, {
      views: () => this.#scan.views(),
      supervisor: identity,
      say,
      report,
      wake: async () => await this.#scan.wake(),
      signal: ended.signal,
    });
    this.#running = { ended, done: done.catch((error: unknown) => report('pool', error)) };
  }

  async end(): Promise<void> {
    this.#running?.ended.abort();
    await this.#running?.done;
    this.#running = undefined;
  }
}

export const POOL_PARTS: readonly NewPart[] = [(supervisor, scan) => new Pools(supervisor, scan)];
