import { isDeepStrictEqual } from 'node:util';
import type { finishUnasked } from '../../../core/acts/finish/finish-session.act.ts';
import type { startSession } from '../../../core/acts/sessions/start-session.act.ts';
import type { FailedChecks } from '../../../core/caller/context/base-checks-failed.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { fromExtensions } from '../../../core/kernel/extension.ts';
import { crashPoint } from '../../../core/kernel/fault-points.ts';
import { sessionFolders } from '../../../core/session/folder/session-list.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Scan } from '../../../core/supervisor/scan.ts';
import type { Recurring, RecurringRunRecord, RecurringState } from '../recurring.ts';
import { RECURRING_ERRORS } from '../recurring-errors.ts';
import { archiveUnchanged, isUnchanged } from './archive-unchanged.ts';
import { nextRun } from './next-run.ts';
import {
  readDefinition,
  readDefinitions,
  readRecurringState,
  writeRecurringState,
} from './recurring-files.ts';
import {
  holdReason,
  isOpen,
  lastRunOf,
  leastUsd,
  mayStillCost,
  newState,
  nextMaxUsd,
  oneLineOf,
  pauseOf,
  pauseReason,
  problemOf,
  seenRun,
  viewOf,
  withMissing,
  withRun,
} from './run-history.ts';
import { lackedSafeguards } from './safeguards.ts';
import { projectOfRun, type RunStart, startRun, workOfRun } from './start-run.ts';

const GAP_MS = 10_000;
const POLL_MS = 1000;
/** After a problem that can pass, such as a lost network. */
const AGAIN_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
const CI_GAP_MS = 2 * 60_000;

export interface RunsOptions {
  home: string;
  /** The supervisor whose recurring sessions these are. */
  identity: string;
  clock: Clock;
  say: (text: string) => void;
  /** Notifies the person of a pause, once for each id. */
  notifyPause: Scan['notifyPause'];
  /** Its `env` is the environment that sessions run in. */
  login: () => Promise<ActionContext>;
  start: typeof startSession;
  finish: typeof finishUnasked;
}

type Failed = (what: string, error: unknown) => void;

/** What the supervisor remembers of a recurring session until it ends. */
interface Memory {
  /** Nothing is tried before, monotonic. */
  notBeforeMs: number;
  /** Nor is an archive. */
  archiveNotBeforeMs?: number;
}

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
        failed(`recurring session ${one.name}`, error);
        await this.#keepProblem(one, error).catch((again: unknown) => failed(`state of ${one.name}`, again));
      }
    }
    this.isWatching = isWatching;
  }

  /** For its person, who sees neither the log of the supervisor nor a run. */
  async #keepProblem(recurring: Recurring, error: unknown): Promise<void> {
    const { home, clock } = this.#options;
    const state = (await readRecurringState(home, recurring.id)) ?? newState(recurring);
    const { at, tries } = problemOf(recurring, state) ?? { at: isoUtc(clock.now()), tries: 0 };
    const text = oneLineOf(isSamocodeError(error) ? `${error.what} ${error.why}` : `${error}`);
    const { resumes } = recurring;
    await this.#write(recurring, { ...state, problem: { at, text, tries: tries + 1, resumes } });
  }

  /** @returns whether it is paused */
  async #step(recurring: Recurring, views: readonly SessionView[], memory: Memory): Promise<boolean> {
    const { home, clock } = this.#options;
    const before = await readRecurringState(home, recurring.id);
    const known = withMissing(recurring, before ?? newState(recurring), views);
    const seen = await this.#withSessions(known, views);
    const checked = pauseOf(recurring, seen) === undefined ? this.#withPause(recurring, seen) : seen;
    await this.#write(recurring, checked);
    const state = await this.#withArchived(checked, views, memory);
    await this.#write(recurring, state);
    this.#notifyPause(recurring, state);
    if (pauseOf(recurring, state) !== undefined) return true;
    if (memory.notBeforeMs > clock.monotonic()) return false;
    const last = lastRunOf(state);
    const held = recurring.overlap ? undefined : holdReason(last, viewOf(last, views));
    if (recurring.when.kind === 'ci-failed') await this.#stepChecks(recurring, state, held, memory);
    else await this.#stepTimes({ ...recurring, when: recurring.when }, state, held);
    return false;
  }

  /** Again after a crash, but not for a pause that is old. */
  #notifyPause(recurring: Recurring, state: RecurringState): void {
    const { clock, notifyPause } = this.#options;
    const { id, name, resumes } = recurring;
    const pause = pauseOf(recurring, state);
    if (pause?.by !== 'supervisor' || clock.now() - Date.parse(pause.at) > DAY_MS) return;
    const text = `${pause.why}. To resume it, in a terminal: samocode every resume ${name}`;
    notifyPause({ id: `${id}:paused:${resumes}`, at: pause.at, session: name, text });
  }

  async #stepTimes(
    recurring: Parameters<typeof nextRun>[0],
    state: RecurringState,
    held: string | undefined,
  ): Promise<void> {
    const { clock } = this.#options;
    const why = held ?? (isSpent(recurring, state) ? SPENT : undefined);
    const next = nextRun(recurring, state, { nowMs: clock.now(), held: why });
    this.#dueAtMs = Math.min(this.#dueAtMs, clock.monotonic() + Math.max(0, next.atMs - clock.now()));
    await this.#write(recurring, next.state);
    const newest = next.state.runs.at(-1);
    if (newest?.result === 'skipped' && newest !== state.runs.at(-1))
      this.#options.say(
        `recurring session ${recurring.name}: run of ${newest.run} was skipped: ${newest.text}`,
      );
    if (next.run !== undefined) await this.#start(recurring, next.state, { run: next.run });
  }

  async #stepChecks(
    recurring: Recurring,
    state: RecurringState,
    held: string | undefined,
    memory: Memory,
  ): Promise<void> {
    if (held !== undefined || isSpent(recurring, state)) return;
    memory.notBeforeMs = this.#options.clock.monotonic() + CI_GAP_MS;
    const context = await this.#options.login();
    const { project: projectDir, choices } = recurring;
    const project = await findProjectFor({ projectDir, call: choices.settings }, context);
    const lacked = lackedSafeguards(recurring, project);
    if (lacked.length > 0) {
      const paused = this.#paused(recurring, state, lacked.map(({ why }) => why).join(' '));
      await this.#write(recurring, paused);
      return;
    }
    const [forge] = fromExtensions('forge');
    const failed = await forge?.failedBaseChecks(project, context);
    const hasRun = failed?.commit === recurring.seen || state.runs.some(({ run }) => run === failed?.commit);
    if (failed !== undefined && !hasRun) await this.#start(recurring, state, { run: failed.commit, failed });
    else await this.#write(recurring, { ...state, problem: undefined });
  }

  /** After a crash, the session of the run is found, or the run is still due. */
  async #start(
    recurring: Recurring,
    state: RecurringState,
    { run, failed }: { run: string; failed?: FailedChecks },
  ): Promise<void> {
    const { login, start, say } = this.#options;
    const context = await login();
    const of = await projectOfRun(recurring, context);
    const maxUsd = nextMaxUsd(recurring, state, of.project?.values.maxCostUsd);
    const work = of.project && (await workOfRun(recurring, failed, of.project, context));
    if (!(await this.#mayStart(recurring))) return;
    crashPoint('recurring-before-start');
    const started =
      of.failed ??
      (work === undefined
        ? NOTHING_READY
        : await startRun(recurring, { run, maxUsd, work, project: of.project }, start, context));
    crashPoint('recurring-after-start');
    say(`recurring session ${recurring.name}: run of ${run}: ${started.session ?? started.result}`);
    const withIt = this.#withRecord(recurring, state, { run, maxUsd, ...started });
    await this.#write(recurring, this.#withPause(recurring, withIt));
  }

  /** Whether its definition is as this scan read it: reading the work of a run can take minutes. */
  async #mayStart(recurring: Recurring): Promise<boolean> {
    const now = await readDefinition(this.#options.home, recurring.id);
    return !this.#hasEnded && isDeepStrictEqual(now, recurring);
  }

  #withRecord(
    { resumes, when }: Recurring,
    { problem: _, ...state }: RecurringState,
    run: Pick<RecurringRunRecord, 'run' | 'result' | 'maxUsd' | 'session' | 'sessionsDir' | 'text'>,
  ): RecurringState {
    const consideredTo = when.kind === 'times' ? run.run : state.consideredTo;
    return withRun({ ...state, consideredTo }, { ...run, at: isoUtc(this.#options.clock.now()), resumes });
  }

  #withPause(recurring: Recurring, state: RecurringState): RecurringState {
    const why = pauseReason(recurring, state);
    return why === undefined ? state : this.#paused(recurring, state, why);
  }

  #paused(recurring: Recurring, state: RecurringState, why: string): RecurringState {
    this.#options.say(`recurring session ${recurring.name} is paused: ${why}`);
    const { resumes } = recurring;
    return { ...state, paused: { at: isoUtc(this.#options.clock.now()), why, resumes } };
  }

  /** Brings the results of the runs up to date, and marks those that changed nothing. */
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
    if (!(await isUnchanged(view, await this.#options.login()))) return run;
    return run.archived ? { ...run, result: 'unchanged' } : { ...run, archiving: true };
  }

  /** Archives the marked runs; what does not succeed is tried again for a day. */
  async #withArchived(
    state: RecurringState,
    views: readonly SessionView[],
    memory: Memory,
  ): Promise<RecurringState> {
    const { clock, login, finish } = this.#options;
    const isDue = clock.monotonic() >= (memory.archiveNotBeforeMs ?? 0);
    if (!isDue || !state.runs.some(({ archiving }) => archiving)) return state;
    const context = await login();
    const runs: RecurringRunRecord[] = [];
    for (const { archiving, ...run } of state.runs) {
      const view = archiving && viewOf(run, views);
      const end = view && (await archiveUnchanged(view, finish, context));
      const isLate = view && clock.now() - Date.parse(view.state.status.since) > DAY_MS;
      if (end === 'later') memory.archiveNotBeforeMs = clock.monotonic() + AGAIN_MS;
      if (end === 'later' && !isLate) runs.push({ ...run, archiving: true });
      else runs.push(end === 'archived' ? { ...run, result: 'unchanged', archived: true } : run);
    }
    return { ...state, runs };
  }

  /** A session that the scan has not read: it is new, or was removed. */
  async #withoutView(run: RecurringRunRecord): Promise<RecurringRunRecord> {
    const { session, sessionsDir } = run;
    if (session === undefined || sessionsDir === undefined || !mayStillCost(run)) return run;
    if ((await sessionFolders(sessionsDir)).includes(session)) return run;
    // A failure still counts.
    return isOpen(run)
      ? { ...run, result: 'gone', text: 'its session was removed' }
      : { ...run, archived: true };
  }

  async #write({ id }: Recurring, state: RecurringState): Promise<boolean> {
    return await writeRecurringState(this.#options.home, id, state);
  }
}

const SPENT = 'of the limit for all runs too little is left, because runs that may still cost may use it';
const NOTHING_READY: RunStart = { result: 'idle', text: 'no open issue with its label is ready' };

function isSpent(recurring: Recurring, state: RecurringState): boolean {
  const least = leastUsd(recurring);
  return (nextMaxUsd(recurring, state) ?? least) < least;
}

function statusesOf(views: readonly SessionView[]): string {
  return views
    .filter(({ sessionFile }) => sessionFile?.recurring !== undefined)
    .map(({ folder, state: { status, archived } }) => `${folder} ${status.kind} ${archived}`)
    .join();
}
