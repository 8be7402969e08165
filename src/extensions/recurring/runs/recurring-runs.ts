import { isDeepStrictEqual } from 'node:util';
import type { finishSession } from '../../../core/acts/finish/finish-session.act.ts';
import type { startSession } from '../../../core/acts/sessions/start-session.act.ts';
import { baseChecks } from '../../../core/caller/context/base-checks-failed.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { sessionFolders } from '../../../core/session/session-list.ts';
import type { Recurring, RecurringRunRecord, RecurringState } from '../recurring.ts';
import { RECURRING_ERRORS } from '../recurring-errors.ts';
import { readDefinitions, readRecurringState, writeRecurringState } from '../state/recurring-files.ts';
import {
  isOpen,
  lastRunOf,
  newState,
  nextMaxUsd,
  pauseOf,
  seenRun,
  whyHeld,
  whyOver,
  withRun,
} from '../state/run-history.ts';
import { archiveUnchanged, isUnchanged } from './archive-unchanged.ts';
import { nextRun } from './next-run.ts';
import { type RunStart, sessionOfRun, startRun, workOfRun } from './start-run.ts';

const GAP_MS = 10_000;
const POLL_MS = 1000;
/** After a problem that can pass, such as a lost network. */
const AGAIN_MS = 60_000;
const CI_GAP_MS = 2 * 60_000;

export interface RunsOptions {
  home: string;
  /** The supervisor whose recurring sessions these are. */
  identity: string;
  clock: Clock;
  say: (text: string) => void;
  /** Its `env` is the environment that sessions run in. */
  login: () => Promise<ActionContext>;
  start: typeof startSession;
  finish: typeof finishSession;
}

type Failed = (what: string, error: unknown) => void;

/** What the supervisor remembers of a recurring session until it ends. */
interface Memory {
  /** Nothing is tried before, monotonic. */
  notBeforeMs: number;
  /** Why the run that is due could not be started yet. */
  problem?: string;
}

/** Starts the sessions that recur, and follows them. */
export class RecurringRuns {
  readonly #options: RunsOptions;
  readonly #memory = new Map<string, Memory>();
  #dueAtMs = 0;
  #running: Promise<void> | undefined;
  /** Of the sessions of all runs, at the last scan: a change of one makes the next scan due. */
  #statuses = '';
  #hasEnded = false;
  /** Whether any recurring session is not paused. */
  isWatching = false;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** Starts a scan if one is due, without waiting for it. @returns the latest time of the next call, monotonic */
  poll(views: readonly SessionView[], failed: Failed): number {
    const now = this.#options.clock.monotonic();
    if (this.#running !== undefined) return now + POLL_MS;
    const statuses = statusesOf(views);
    if (this.#dueAtMs > now && statuses === this.#statuses) return this.#dueAtMs;
    this.#statuses = statuses;
    this.#dueAtMs = now + GAP_MS;
    this.#running = this.scan(views, failed)
      .catch((error: unknown) => failed('recurring sessions', error))
      .finally(() => {
        this.#running = undefined;
      });
    return now + POLL_MS;
  }

  /** Waits for a scan in progress, so that the next supervisor finds what it has started. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#running;
  }

  async scan(views: readonly SessionView[], failed: Failed): Promise<void> {
    const { home, identity } = this.#options;
    const { recurring, broken } = await readDefinitions(home);
    for (const path of broken) failed(path, RECURRING_ERRORS.recurring_broken({ path }));
    let isWatching = false;
    for (const one of recurring) {
      if (this.#hasEnded) return;
      if (one.supervisor !== identity) continue;
      const memory = this.#memory.get(one.id) ?? { notBeforeMs: 0 };
      this.#memory.set(one.id, memory);
      const ofOne = views.filter(({ sessionFile }) => sessionFile?.recurring?.id === one.id);
      try {
        if (!(await this.#step(one, ofOne, memory))) isWatching = true;
      } catch (error) {
        isWatching = true;
        memory.notBeforeMs = this.#options.clock.monotonic() + AGAIN_MS;
        memory.problem = 'its start failed for a reason that may pass';
        failed(`recurring session ${one.name}`, error);
      }
    }
    this.isWatching = isWatching;
  }

  /** @returns whether it is paused */
  async #step(recurring: Recurring, views: readonly SessionView[], memory: Memory): Promise<boolean> {
    const before = await readRecurringState(this.#options.home, recurring.id);
    const seen = await this.#withSessions(before ?? rebuilt(recurring, views), views);
    const recovered = await this.#withStarted(recurring, seen);
    const paused = pauseOf(recurring, recovered);
    const state = paused === undefined ? this.#withPause(recurring, recovered) : recovered;
    if (!isDeepStrictEqual(state, before)) await this.#write(recurring, state);
    if (pauseOf(recurring, state) !== undefined) return true;
    if (memory.notBeforeMs > this.#options.clock.monotonic()) return false;
    const last = lastRunOf(state);
    const held = recurring.overlap ? undefined : whyHeld(last, viewOf(last, views));
    if (recurring.when.kind === 'ci-failed') await this.#stepChecks(recurring, state, held, memory);
    else await this.#stepTimes({ ...recurring, when: recurring.when }, state, held, memory);
    return false;
  }

  async #stepTimes(
    recurring: Parameters<typeof nextRun>[0],
    state: RecurringState,
    held: string | undefined,
    memory: Memory,
  ): Promise<void> {
    const { clock } = this.#options;
    const maxUsd = nextMaxUsd(recurring, state);
    const isSpent = maxUsd !== undefined && maxUsd <= 0;
    const why = held ?? (isSpent ? 'runs that still work may reach the limit for all runs' : undefined);
    const next = nextRun(recurring, state, { nowMs: clock.now(), held: why, problem: memory.problem });
    this.#dueAtMs = Math.min(this.#dueAtMs, clock.monotonic() + Math.max(0, next.atMs - clock.now()));
    if (!isDeepStrictEqual(next.state, state)) await this.#write(recurring, next.state);
    const newest = next.state.runs.at(-1);
    if (newest?.result === 'skipped' && newest !== state.runs.at(-1))
      this.#options.say(
        `recurring session ${recurring.name}: run of ${newest.run} was skipped: ${newest.text}`,
      );
    if (next.run === undefined) return;
    const work = await workOfRun(recurring, undefined, await this.#options.login());
    await this.#start(recurring, next.state, { run: next.run, maxUsd, work });
    memory.problem = undefined;
  }

  async #stepChecks(
    recurring: Recurring,
    state: RecurringState,
    held: string | undefined,
    memory: Memory,
  ): Promise<void> {
    const maxUsd = nextMaxUsd(recurring, state);
    if (held !== undefined || (maxUsd !== undefined && maxUsd <= 0)) return;
    memory.notBeforeMs = this.#options.clock.monotonic() + CI_GAP_MS;
    const context = await this.#options.login();
    const project = await findProjectFor({ projectDir: recurring.project }, context);
    for (const read of baseChecks.items) {
      const failed = await read(project, context);
      if (failed === undefined || state.runs.some(({ run }) => run === failed.commit)) continue;
      const work = await workOfRun(recurring, failed, context);
      await this.#start(recurring, state, { run: failed.commit, maxUsd, work });
      return;
    }
  }

  /** The state names the run before its session exists, so that it is found after a crash. */
  async #start(
    recurring: Recurring,
    state: RecurringState,
    {
      run,
      maxUsd,
      work,
    }: { run: string; maxUsd: number | undefined; work: Awaited<ReturnType<typeof workOfRun>> },
  ): Promise<void> {
    const { login, start, say } = this.#options;
    if (this.#hasEnded || !(await this.#write(recurring, { ...state, starting: { run, maxUsd } }))) return;
    crashPoint('recurring-before-start');
    const started: RunStart =
      work === undefined
        ? { result: 'idle', text: 'no open issue has its label' }
        : await startRun(recurring, { run, maxUsd, work }, start, await login());
    crashPoint('recurring-after-start');
    say(`recurring session ${recurring.name}: run of ${run}: ${started.session ?? started.result}`);
    const withIt = this.#withRecord(recurring, state, { run, maxUsd, ...started });
    await this.#write(recurring, this.#withPause(recurring, withIt));
  }

  #withRecord(
    { resumes, when }: Recurring,
    { starting: _, ...state }: RecurringState,
    run: Pick<RecurringRunRecord, 'run' | 'result' | 'maxUsd' | 'session' | 'sessionsDir' | 'text'>,
  ): RecurringState {
    const consideredTo = when.kind === 'times' ? run.run : state.consideredTo;
    return withRun({ ...state, consideredTo }, { ...run, at: isoUtc(this.#options.clock.now()), resumes });
  }

  /** Completes a start that a crash has cut off: its session exists, or the run is still due. */
  async #withStarted(recurring: Recurring, state: RecurringState): Promise<RecurringState> {
    const { starting, ...rest } = state;
    if (starting === undefined) return state;
    const { values } = await findProjectFor({ projectDir: recurring.project }, await this.#options.login());
    const found = await sessionOfRun(recurring, starting.run, values.sessions);
    return found === undefined ? rest : this.#withRecord(recurring, rest, { ...starting, ...found });
  }

  #withPause(recurring: Recurring, state: RecurringState): RecurringState {
    const why = whyOver(recurring, state);
    if (why === undefined) return state;
    this.#options.say(`recurring session ${recurring.name} is paused: ${why}`);
    const { resumes } = recurring;
    return { ...state, paused: { at: isoUtc(this.#options.clock.now()), why, resumes } };
  }

  /** Brings the results of the runs up to date, and archives those that changed nothing. */
  async #withSessions(state: RecurringState, views: readonly SessionView[]): Promise<RecurringState> {
    const runs: RecurringRunRecord[] = [];
    for (const run of state.runs) {
      const view = viewOf(run, views);
      if (view !== undefined) runs.push(await this.#withUnchanged(seenRun(run, view), run, view));
      else runs.push(await this.#withoutView(run));
    }
    return { ...state, runs };
  }

  async #withUnchanged(
    run: RecurringRunRecord,
    before: RecurringRunRecord,
    view: SessionView,
  ): Promise<RecurringRunRecord> {
    const wasDone = before.result === 'done' || before.result === 'unchanged';
    if (run.result !== 'done' || wasDone) return run;
    const context = await this.#options.login();
    if (!(await isUnchanged(view, context))) return run;
    const isArchived = run.archived || (await archiveUnchanged(view, this.#options.finish, context));
    return isArchived ? { ...run, result: 'unchanged' } : run;
  }

  /** A session that the scan has not read: it is new, or was removed. */
  async #withoutView(run: RecurringRunRecord): Promise<RecurringRunRecord> {
    const { session, sessionsDir } = run;
    if (session === undefined || sessionsDir === undefined || !isOpen(run)) return run;
    const isThere = (await sessionFolders(sessionsDir)).includes(session);
    return isThere ? run : { ...run, result: 'gone', text: 'its session was removed' };
  }

  async #write({ id }: Recurring, state: RecurringState): Promise<boolean> {
    return await writeRecurringState(this.#options.home, id, state);
  }
}

function statusesOf(views: readonly SessionView[]): string {
  return views
    .filter(({ sessionFile }) => sessionFile?.recurring !== undefined)
    .map(({ folder, state: { status, archived } }) => `${folder} ${status.kind} ${archived}`)
    .join();
}

function viewOf(run: RecurringRunRecord | undefined, views: readonly SessionView[]): SessionView | undefined {
  return views.find(({ folder, paths }) => folder === run?.session && paths.sessionsDir === run.sessionsDir);
}

/** Without a readable state, the sessions say which runs there were. */
function rebuilt(recurring: Recurring, views: readonly SessionView[]): RecurringState {
  const { resumes } = recurring;
  const runs = views.flatMap(({ folder: session, paths: { sessionsDir }, sessionFile: file }) =>
    file?.recurring === undefined
      ? []
      : [
          {
            run: file.recurring.run,
            at: file.createdAt,
            session,
            sessionsDir,
            result: 'works' as const,
            resumes,
          },
        ],
  );
  return runs.sort((a, b) => a.at.localeCompare(b.at)).reduce(withRun, newState(recurring));
}
