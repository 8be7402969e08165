import type { ActionContext } from '../../core/caller/context/context.ts';
import { writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { identityAt } from '../../core/kernel/files/path-stats.ts';
import type { SessionView } from '../../core/session/events/session-view.ts';
import type { Supervisor } from '../../core/supervisor/supervisor.ts';
import { poolFilePath } from './pool-file.ts';

/** The pools that this machine belongs to; without any, their code is not loaded. */
export class Pools {
  readonly #supervisor: Supervisor;
  readonly #context: () => Promise<ActionContext>;
  readonly #report: (what: string, error: unknown) => void;
  #seen = '';
  #running: { ended: AbortController; done: Promise<void> } | undefined;

  /** @param context with a login environment, like that of workers */
  constructor(
    supervisor: Supervisor,
    context: () => Promise<ActionContext>,
    report: (what: string, error: unknown) => void,
  ) {
    this.#supervisor = supervisor;
    this.#context = context;
    this.#report = report;
  }

  get isMember(): boolean {
    return this.#running !== undefined;
  }

  /** Starts or restarts this machine's membership when the file that lists the pools has changed. */
  async poll(views: () => readonly SessionView[]): Promise<void> {
    const seen = identityAt(poolFilePath(this.#supervisor.home));
    if (seen === this.#seen) return;
    this.#seen = seen;
    await this.end();
    if (seen === '') return;
    const { runMembers } = await import('./acts/run-members.ts');
    const ended = new AbortController();
    const context = await this.#context();
    const { identity, say } = this.#supervisor;
    const done = runMembers(context, {
      views,
      supervisor: identity,
      say,
      report: this.#report,
      wake: () => writeWhole(this.#supervisor.paths.bell, '', 0o600),
      signal: ended.signal,
    });
    this.#running = { ended, done: done.catch((error: unknown) => this.#report('pool', error)) };
  }

  async end(): Promise<void> {
    this.#running?.ended.abort();
    await this.#running?.done;
    this.#running = undefined;
  }
}
