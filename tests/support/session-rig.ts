import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AnswerQaInput, answerQa } from '../../src/actions/answer-qa.ts';
import { approvePlan } from '../../src/actions/approve-plan.ts';
import type { ActionContext } from '../../src/actions/context.ts';
import { readPlan } from '../../src/actions/read-plan.ts';
import { requestChanges } from '../../src/actions/request-changes.ts';
import { type ResumeSessionInput, resumeSession } from '../../src/actions/resume-session.ts';
import { type StartSessionInput, startSession } from '../../src/actions/start-session.ts';
import { stopSession } from '../../src/actions/stop-session.ts';
import { systemClock } from '../../src/base/clock.ts';
import { endTree } from '../../src/base/end-tree.ts';
import { isSamocodeError } from '../../src/base/errors.ts';
import { readHolding } from '../../src/base/lease.ts';
import { isRunning, type ProcessEntry } from '../../src/base/process-table.ts';
import { SESSION_MARK } from '../../src/providers/environment.ts';
import { isAtRest } from '../../src/session/at-rest.ts';
import { readEvents } from '../../src/session/event-log.ts';
import type { Channel } from '../../src/session/event-types.ts';
import type { SessionEvent } from '../../src/session/events.ts';
import { type SessionPaths, sessionPaths } from '../../src/session/paths.ts';
import { readSessionFile, type SessionFile } from '../../src/session/session-file.ts';
import { sessionFolders } from '../../src/session/session-list.ts';
import type { SessionState } from '../../src/session/state.ts';
import { readSession, type SessionView } from '../../src/session/status.ts';
import { launchWorker } from '../../src/worker/launch.ts';
import { builtPrograms } from './built-programs.ts';
import { makeProject } from './project.ts';
import { report } from './rig-report.ts';
import type { RepoPlan, TempRepo } from './temp-repo.ts';

export interface RigPlan {
  /**
   * Rules of a scenario (tests/difficult-children/README.md); or the text of an .mjs scenario, which every
   * child imports anew. Children keep no pace of their own unless it says so.
   */
  scenario?: object | string;
  /** Lines of `.samocode` beside the folders. */
  lines?: Readonly<Record<string, string>>;
  start?: StartSessionInput;
  repo?: RepoPlan;
  /** Files beside the scenario, name to text. */
  files?: Readonly<Record<string, string>>;
  /** Further programs to be built, name to entry point. */
  programs?: Readonly<Record<string, string>>;
  /** Programs with crash and fault points. */
  faults?: boolean;
  /** Further environment of the first worker alone. */
  firstEnv?: Readonly<Record<string, string>>;
}

/** One real session in a project of its own, with its worker and rehearsed children, and a person's hands. */
export interface SessionRig extends AsyncDisposable {
  repo: TempRepo;
  paths: SessionPaths;
  file: SessionFile;
  program(name: string): string;
  /** What a person acts with, through `channel`. */
  context(channel?: Channel): ActionContext;
  view(): Promise<SessionView>;
  state(): Promise<SessionState>;
  /** The events behind number `after`, oldest first. */
  events(after?: number): Promise<SessionEvent[]>;
  /**
   * Waits until a state holds; a worker that is wanted and missing is brought back, as any look at a
   * session does. @throws with what the session was doing when it never held
   */
  until(holds: (state: SessionState) => boolean, options?: UntilOptions): Promise<SessionState>;
  /** Waits until the session rests in a wait, and no command is left. */
  untilWaiting(waitsFor: 'qa_answers' | 'plan_approval', options?: UntilOptions): Promise<SessionState>;
  /** Without answers: the suggestions. */
  answer(given?: Partial<AnswerQaInput>, channel?: Channel): Promise<void>;
  /** Approves the plan with which the session came to wait, or the one that `hash` names. */
  approve(channel?: Channel, hash?: string): Promise<void>;
  readPlan(): ReturnType<typeof readPlan>;
  requestChanges(feedback: string): Promise<void>;
  resume(given?: Partial<ResumeSessionInput>): Promise<void>;
  stop(when?: 'now' | 'after_iteration'): Promise<void>;
  /** Kills the worker as a crash would. @returns its pid; undefined when none lives */
  killWorker(): Promise<number | undefined>;
  workerPid(): Promise<number | undefined>;
  launch(): Promise<void>;
  processesWithMark(): Promise<ProcessEntry[]>;
}

export interface UntilOptions {
  /** Milliseconds; generous, for a machine under load. */
  withinMs?: number;
  /** A missing worker stays missing. */
  leaveDead?: boolean;
}

/** A scenario whose first child hangs. */
export const HANGS = { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] };

// Tests wait for iterations, which come and go quickly.
const POLL_MS = 25;
/** How long a session that has ended may still surprise. */
const REST_MS = 1500;
const PATIENCE_MS = 60_000;

/** Makes the project, starts the session and hands it over as soon as it is prepared. */
export async function startRig(plan: RigPlan = {}): Promise<SessionRig> {
  const programs = await builtPrograms(plan.programs, { faults: plan.faults ?? false });
  const { worker, rehearsal } = programs;
  const acting = { programs: { worker, rehearsal } };
  const project = await makeProject({ ...plan.repo, ...(plan.lines && { lines: plan.lines }), acting });
  const { repo, context: baseContext, sessionsDir } = project;
  const scenario = await writeScenario(repo.root, plan.scenario);
  for (const [name, text] of Object.entries(plan.files ?? {})) await writeFile(join(repo.root, name), text);
  const startContext = {
    ...baseContext,
    env: { ...repo.env, REHEARSAL_SCENARIO: scenario, ...plan.firstEnv },
  };
  const input = { task: 'Give every boat a name', ...plan.start };
  const rigOf = (file: SessionFile) => {
    const paths = sessionPaths(file.sessionsDir, file.folder);
    return newRig({ repo, paths, file, baseContext, program: (name) => programOf(programs, name) });
  };
  try {
    return rigOf((await startSession(input, startContext)).file);
  } catch (error) {
    const rig = await startedRig(sessionsDir, rigOf);
    if (rig && isUnresponsive(error)) return await rig.until(({ prepared }) => prepared).then(() => rig);
    await rig?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a start that threw has left: on a machine under load its worker is only late. */
async function startedRig(
  sessionsDir: string,
  rigOf: (file: SessionFile) => SessionRig,
): Promise<SessionRig | undefined> {
  for (const folder of await sessionFolders(sessionsDir)) {
    const file = await readSessionFile(sessionPaths(sessionsDir, folder));
    if (file) return rigOf(file);
  }
  return undefined;
}

function isUnresponsive(error: unknown): boolean {
  return isSamocodeError(error) && error.code === 'worker_unresponsive';
}

function programOf(programs: Awaited<ReturnType<typeof builtPrograms>>, name: string): string {
  return name === 'cli' || name === 'worker' || name === 'rehearsal' ? programs[name] : programs.extra(name);
}

async function writeScenario(root: string, scenario: object | string = {}): Promise<string> {
  const isModule = typeof scenario === 'string';
  const path = join(root, isModule ? 'scenario.mjs' : 'scenario.json');
  await writeFile(path, isModule ? scenario : JSON.stringify({ paceMs: 0, ...scenario }));
  return path;
}

type Parts = Pick<SessionRig, 'repo' | 'paths' | 'file' | 'program'> & { baseContext: ActionContext };

function newRig({ baseContext, ...parts }: Parts): SessionRig {
  const { repo, paths, file } = parts;
  const { host } = baseContext;
  const mark = { name: SESSION_MARK, value: file.id };
  const session = { session: file.folder };
  const context = (channel: Channel = 'cli') => ({ ...baseContext, by: { channel } });
  const launch = () => launchWorker(paths, { program: baseContext.programs.worker, env: baseContext.env });
  async function view(): Promise<SessionView> {
    const found = await readSession(paths, host);
    if (!found) throw new Error(`Session ${file.folder} has vanished.`);
    return found;
  }
  async function workerPid(): Promise<number | undefined> {
    const holding = await readHolding(paths.leases, host);
    return holding.kind === 'held' && holding.liveness === 'alive' ? holding.lease.owner.pid : undefined;
  }
  async function killWorker(): Promise<number | undefined> {
    const pid = await workerPid();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    while (pid !== undefined && isRunning(await host.processes.read(pid))) await systemClock.sleep(10);
    return pid;
  }
  const until: SessionRig['until'] = async (holds, { withinMs = PATIENCE_MS, leaveDead = false } = {}) => {
    const end = Date.now() + withinMs;
    for (let launchedAt = 0, atRestSince = Number.POSITIVE_INFINITY; ; ) {
      const now = await view().catch(() => undefined);
      if (now && holds(now.state)) return now.state;
      atRestSince = now && isAtRest(now) ? Math.min(atRestSince, Date.now()) : Number.POSITIVE_INFINITY;
      if (Date.now() > end || Date.now() > atRestSince + REST_MS)
        throw new Error(`It never came about. ${await report(now, paths)}`);
      if (!leaveDead && now?.needsWorker && Date.now() - launchedAt > 1000) {
        launchedAt = Date.now();
        await launch();
      }
      await systemClock.sleep(POLL_MS);
    }
  };
  /** Waits for an act to be taken, also by a worker that is late. */
  async function taken(act: Promise<unknown>): Promise<void> {
    try {
      await act;
    } catch (error) {
      if (!isUnresponsive(error)) throw error;
      for (let round = 0; (await view()).pendingCommands.length > 0; round += 1) {
        if (round > PATIENCE_MS / POLL_MS) throw error;
        await systemClock.sleep(POLL_MS);
      }
    }
  }
  return {
    ...parts,
    context,
    view,
    until,
    workerPid,
    killWorker,
    launch,
    state: async () => (await view()).state,
    events: (after = 0) => readEvents(paths.events, after),
    untilWaiting: (waitsFor, options) =>
      until(({ status }) => status.kind === 'waiting' && status.for === waitsFor, options),
    answer: (given, channel) =>
      taken(answerQa({ ...session, answers: [], acceptSuggestions: !given, ...given }, context(channel))),
    approve: async (channel, hash) => {
      const { status } = (await view()).state;
      const waiting = status.kind === 'waiting' ? status.plan?.hash : undefined;
      await taken(approvePlan({ ...session, hash: hash ?? waiting }, context(channel)));
    },
    readPlan: () => readPlan(session, context()),
    requestChanges: (feedback) => taken(requestChanges({ ...session, feedback }, context())),
    resume: (given) => taken(resumeSession({ ...session, ...given }, context())),
    stop: (when = 'now') => taken(stopSession({ ...session, when }, context())),
    processesWithMark: async () => {
      const all = (await host.processes.list()).filter(isRunning);
      const marks = await Promise.all(all.map(({ pid }) => host.processes.environmentOf(pid, mark.name)));
      return all.filter((_, index) => marks[index] === mark.value);
    },
    async [Symbol.asyncDispose]() {
      // A worker that comes up meanwhile holds the lease a moment later.
      while ((await killWorker()) !== undefined);
      await endTree(undefined, mark, { host, clock: systemClock, graceMs: 0 });
      while ((await killWorker()) !== undefined);
      await rm(repo.root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
