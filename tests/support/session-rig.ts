import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnswerQaInput } from '../../src/core/acts/gates/answer-qa.act.ts';
import { approvePlan } from '../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../src/core/acts/gates/read-plan.act.ts';
import { requestChanges } from '../../src/core/acts/gates/request-changes.act.ts';
import { type ResumeSessionInput, resumeSession } from '../../src/core/acts/sessions/resume-session.act.ts';
import { stopSession } from '../../src/core/acts/sessions/stop-session.act.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import type { Phase } from '../../src/core/kernel/phases/table.ts';
import type { ProcessEntry } from '../../src/core/kernel/processes/process-table.ts';
import { launchWorker } from '../../src/core/sandbox/programs/launch-worker.ts';
import { isOff } from '../../src/core/sandbox/programs/supervisor-folder.ts';
import type { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import type { Channel } from '../../src/core/session/events/bodies/who-acted.ts';
import type { SessionEvent } from '../../src/core/session/events/events.ts';
import type { SessionState } from '../../src/core/session/events/state.ts';
import { readSession } from '../../src/core/session/folder/read-session.ts';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { readEvents } from '../../src/core/session/log/event-log.ts';
import { readSessionFile } from '../../src/core/session/log/read-session-file.ts';
import { changeLines } from '../core/faults/with-settings.ts';
import { answerQa } from './as-shown.ts';
import { builtPrograms } from './built-programs.ts';
import { copySession } from './copied-session.ts';
import {
  endSessionsBelow,
  killWorkerOf,
  PATIENT_CLOCK,
  processesOf,
  type UntilOptions as Until,
  untilState,
  untilWritten,
  workerPidOf,
} from './live-session.ts';
import { playedOnce } from './played-once.ts';
import { makeProject, type ProjectPlan, projectOf } from './project.ts';
import { isNoted, noteEvents } from './reached.ts';
import { type Start, startSession } from './start-session.ts';
import { endOfWorker, endProcessesOf, SUPERVISED } from './supervisors.ts';
import { writeBelow } from './temp-dir.ts';
import { type RepoPlan, repoIn, type TempRepo } from './temp-repo.ts';
import { WorkerHere } from './worker-in-this-process.ts';

export interface RigPlan {
  /**
   * Rules of a scenario (tests/core/difficult-children/README.md); or the text of an .mjs scenario, which every agent
   * imports separately. Agents run without delays unless it says otherwise.
   */
  scenario?: object | string;
  /** Lines of `.samocode` in addition to the folders. */
  lines?: Readonly<Record<string, string>>;
  /** `off` by default. */
  sandbox?: ProjectPlan['sandbox'];
  start?: Start;
  repo?: RepoPlan & Pick<ProjectPlan, 'inHome'>;
  /** Files next to the scenario, name to text. */
  files?: Readonly<Record<string, string>>;
  /** Further programs to build, name to entry point. */
  programs?: Readonly<Record<string, string>>;
  /** A supervisor watches it, as on a person's machine. */
  supervised?: boolean;
  /** Programs with crash and fault points. */
  faults?: boolean;
  /** A program that replaces the built worker. */
  worker?: string;
  /** Where it stands when the test gets it; by default it has been started, and its first agent may run. */
  at?: BranchStatus;
  /** It has no gates and was continued in this phase, as if a person had written it into the overview. */
  phase?: Phase;
  /** Runs before it is continued there. */
  before?: (rig: SessionRig) => Promise<unknown>;
  /** The temporary folder of a session that waits or is stopped: the rig uses a copy of it instead of a new session. */
  copyOf?: string;
  /** Its worker is this process: see `WorkerHere`. */
  here?: boolean;
  /** Further environment of the first worker only. */
  firstEnv?: Readonly<Record<string, string>> | ((repo: TempRepo) => Readonly<Record<string, string>>);
  /** Called once its project is made, right before the session is started. */
  starting?: () => void;
}

/** A real session in a separate project, with its worker and rehearsal agents, and the acts of a person. */
export interface SessionRig extends AsyncDisposable {
  repo: TempRepo;
  paths: SessionPaths;
  file: SessionFile;
  program(name: string): string;
  /** The context of a person's acts through `channel`; the acts below return when the files show them. */
  context(channel?: Channel): ActionContext;
  view(): Promise<SessionView>;
  state(): Promise<SessionState>;
  /** The events after number `after`, oldest first. */
  events(after?: number): Promise<SessionEvent[]>;
  /**
   * Waits until a state is reached and its files match it; without a supervisor, a missing worker that is needed is
   * restarted. @throws with what the session was doing if it was never reached
   */
  until(holds: (state: SessionState) => boolean, options?: UntilOptions): Promise<SessionState>;
  /** Waits until the session waits for something, and no command is queued. */
  untilWaiting(waitsFor: 'qa_answers' | 'plan_approval', options?: UntilOptions): Promise<SessionState>;
  /** Without answers: the suggestions. */
  answer(given?: Partial<AnswerQaInput>, channel?: Channel): Promise<void>;
  /** Approves the plan that the session waits with, or the one that `hash` names. */
  approve(channel?: Channel, hash?: string): Promise<void>;
  readPlan(): ReturnType<typeof readPlan>;
  requestChanges(feedback: string): Promise<void>;
  /** `env`: further environment of the worker that it starts. */
  resume(given?: Partial<ResumeSessionInput>, env?: Readonly<Record<string, string>>): Promise<void>;
  stop(when?: 'now' | 'after_iteration'): Promise<void>;
  /** Kills the worker as a crash would. @returns its pid; undefined if none runs */
  killWorker(): Promise<number | undefined>;
  workerPid(): Promise<number | undefined>;
  launch(): Promise<void>;
  processesWithMark(): Promise<ProcessEntry[]>;
}

export interface UntilOptions extends Pick<Until, 'withinMs' | 'since'> {
  /** A missing worker is not restarted. */
  leaveDead?: boolean;
}

/** A scenario whose first agent hangs. */
export const HANGS = { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] };

const isStopped = ({ status }: SessionState) => status.kind === 'stopped';

/** A first agent without questions: the gate for them comes after the second one. */
export const LOOKS_FIRST = {
  when: { phase: 'investigation' },
  do: [
    { act: 'document', kind: 'dive', sections: { Summary: '%{task}' } },
    {
      act: 'end',
      did: 'Looked around the repository',
      signal: { status: 'continue', phase: 'requirements' },
    },
  ],
};

/** How a new session gets to where it stands; there is no worker then. */
const STANDINGS = {
  /** Prepared, before its first agent. */
  resting: { start: { run: false }, reach: (rig: SessionRig) => rig.until(isStopped) },
  /** Waits for answers, after an agent without questions and one with them. */
  asking: { start: {}, reach: (rig: SessionRig) => rig.untilWaiting('qa_answers') },
  /** The same, and then stopped. */
  stopped: {
    start: {},
    reach: async (rig: SessionRig) => {
      await rig.untilWaiting('qa_answers');
      await rig.stop();
      await rig.until(isStopped);
    },
  },
  /** Waits for the approval of its plan; the suggestions were accepted at its start. */
  planned: {
    start: { task: 'Name the boats', acceptSuggestions: true },
    reach: (rig: SessionRig) => rig.untilWaiting('plan_approval'),
  },
};

/** `done`: without gates, with a commit on its branch; its worker may still be leaving. */
export type BranchStatus = keyof typeof STANDINGS | 'done';

/** Settings of a session without gates. */
export const NO_GATES = { GATES: 'none' };

/**
 * A session that stands where the plan says: a copy of one that is played once per run, unless the plan has a say in
 * how it starts.
 */
export async function startRig({ at, phase, before, ...plan }: RigPlan = {}): Promise<SessionRig> {
  if (at === 'done') {
    const rig = await startRig({ ...plan, phase: 'done', before: (begun) => commitWork(begun, 'work.txt') });
    return await having(rig, () => rig.until(({ status }) => status.kind === 'done'));
  }
  if (phase !== undefined) {
    const rig = await startRig({ ...plan, at: 'resting', lines: { ...NO_GATES, ...plan.lines } });
    return await having(rig, async () => {
      await setPhase(rig, phase);
      await before?.(rig);
      await rig.resume();
    });
  }
  if (plan.copyOf !== undefined) return await copiedRig(plan.copyOf, plan);
  if (at === undefined) return await playedRig(plan);
  if (plan.repo || plan.start || plan.firstEnv) return await playTo(at, plan);
  return await standingRig(at, plan);
}

/** A copy, as if it had been started with the lines of the plan. */
async function standingRig(at: keyof typeof STANDINGS, plan: RigPlan): Promise<SessionRig> {
  const { sandbox = 'off', lines: { GATES, ...lines } = {} } = plan;
  const gates: Record<string, string> = GATES === undefined ? {} : { GATES };
  const key = [at, sandbox, ...Object.values(gates)].join('-');
  const root = await playedOnce(key, async () => {
    const rig = await playTo(at, {
      sandbox,
      lines: gates,
      scenario: `export default ${JSON.stringify({ paceMs: 0, rules: at === 'planned' ? [] : [LOOKS_FIRST] })};`,
    });
    await having(rig, () => endOfWorker(rig));
    return rig.repo.root;
  });
  const rig = await copiedRig(root, plan);
  if (Object.keys(lines).length === 0) return rig;
  await having(rig, () => changeLines(rig, lines));
  return { ...rig, file: (await readSessionFile(rig.paths)) ?? rig.file };
}

async function playTo(at: keyof typeof STANDINGS, plan: RigPlan): Promise<SessionRig> {
  const { start, reach } = STANDINGS[at];
  const scenario = plan.scenario ?? { rules: at === 'planned' ? [] : [LOOKS_FIRST] };
  const rig = await playedRig({ ...plan, scenario, start: { ...start, ...plan.start } });
  return await having(rig, () => reach(rig));
}

/** The session, unless the act fails, which leaves none. */
async function having(rig: SessionRig, act: () => Promise<unknown>): Promise<SessionRig> {
  try {
    await act();
    return rig;
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
  }
}

async function programsOf({ programs: extra, faults = false, worker, here: isHere }: RigPlan) {
  const programs = await builtPrograms(extra, { faults });
  const here = isHere ? WorkerHere.of(programs) : undefined;
  const ofWorker = { worker: worker ?? programs.worker, rehearsal: programs.rehearsal };
  const acting = { programs: here?.programs ?? ofWorker };
  return { acting, here, program: (name: string) => programOf(programs, name) };
}

/** Creates the project, starts the session and returns it as soon as it is prepared. */
async function playedRig(plan: RigPlan): Promise<SessionRig> {
  const { acting, here, program } = await programsOf(plan);
  const { repo: repoPlan, lines, sandbox, supervised } = plan;
  const env = { ...(supervised && SUPERVISED) };
  const ofProject = { ...(lines && { lines }), ...(sandbox && { sandbox }), env };
  const project = await makeProject({ ...repoPlan, ...ofProject, acting });
  const { repo, context: baseContext, sessionsDir } = project;
  const scenario = await writeScenario(repo.root, plan.scenario);
  await writeBelow(repo.root, plan.files ?? {});
  const firstEnv = typeof plan.firstEnv === 'function' ? plan.firstEnv(repo) : plan.firstEnv;
  const startContext = { ...baseContext, env: { ...repo.env, REHEARSAL_SCENARIO: scenario, ...firstEnv } };
  here?.begin({ sessionsDir, env: startContext.env });
  const input = { task: 'Give every boat a name', ...plan.start };
  plan.starting?.();
  const started = startSession(input, { ...startContext, clock: PATIENT_CLOCK });
  const { file } = await started.catch(async (error: unknown) => {
    await here?.end();
    await endSessionsBelow(sessionsDir, baseContext.host);
    await repo[Symbol.asyncDispose]();
    throw error;
  });
  const paths = sessionPaths(file.sessionsDir, file.folder);
  return newRig({ repo, paths, file, baseContext, program, here });
}

/** Its scenario is a module, whatever its given form: the session has recorded the path of one. */
async function copiedRig(from: string, plan: RigPlan): Promise<SessionRig> {
  const { acting, ...parts } = await programsOf(plan);
  const { dir, paths, file } = await copySession(from);
  const bare = repoIn(dir);
  const repo = plan.supervised ? { ...bare, env: { ...bare.env, ...SUPERVISED } } : bare;
  const { context: baseContext } = await projectOf(repo, acting);
  const { scenario = {} } = plan;
  const isModule = typeof scenario === 'string';
  const quick = JSON.stringify({ paceMs: 0, ...(isModule ? {} : scenario) });
  await writeScenario(repo.root, isModule ? scenario : `export default ${quick};`);
  await writeBelow(repo.root, plan.files ?? {});
  parts.here?.begin({ sessionsDir: paths.sessionsDir, env: repo.env });
  return newRig({ repo, paths, file, baseContext, ...parts });
}

/** Writes the phase into the overview, as a person may while no agent runs. */
export async function setPhase({ paths }: Pick<SessionRig, 'paths'>, phase: Phase): Promise<void> {
  const text = await readFile(paths.overview, 'utf8');
  await writeFile(paths.overview, text.replace(/^Phase: .*$/m, `Phase: ${phase}`));
}

/** Commits one more file on the branch of a session. @returns the commit */
export async function commitWork(
  { state, repo }: Pick<SessionRig, 'state' | 'repo'>,
  name: string,
): Promise<string> {
  const path = (await state()).worktree?.path;
  // Git would commit in the checkout that runs the tests.
  if (path === undefined) throw new Error('The session has no worktree.');
  await writeFile(join(path, name), 'work\n');
  await repo.git(['add', '-A'], path);
  await repo.git(['commit', '--quiet', '-m', `Add ${name}`], path);
  return await repo.git(['rev-parse', 'HEAD'], path);
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

type Parts = Pick<SessionRig, 'repo' | 'paths' | 'file' | 'program'> & {
  baseContext: ActionContext;
  here: WorkerHere | undefined;
};

function newRig({ baseContext, here, ...parts }: Parts): SessionRig {
  const { repo, paths, file } = parts;
  const { host, env } = baseContext;
  const isSupervised = !isOff(env);
  const whereabouts = { paths, host };
  const session = { session: file.folder };
  const context = (channel: Channel = 'cli') => ({ ...baseContext, by: { channel } });
  const acting = (channel?: Channel) => ({ ...context(channel), clock: PATIENT_CLOCK });
  const launch = async () => {
    if (here) here.launch(file.folder);
    else await launchWorker(paths, { program: baseContext.programs.worker, env });
  };
  async function view(): Promise<SessionView> {
    const found = await readSession(paths, host);
    if (!found) throw new Error(`Session ${file.folder} has vanished.`);
    return found;
  }
  /** The caller reads and edits the files next. */
  async function done(act: Promise<unknown>): Promise<void> {
    await act;
    await untilWritten(whereabouts);
  }
  const until: SessionRig['until'] = (holds, { leaveDead = false, ...options } = {}) =>
    untilState(whereabouts, holds, { ...options, launch: leaveDead || isSupervised ? undefined : launch });
  return {
    ...parts,
    context,
    view,
    until,
    workerPid: () => workerPidOf(whereabouts),
    killWorker: () => killWorkerOf(whereabouts),
    launch,
    state: async () => (await view()).state,
    events: (after = 0) => readEvents(paths, after),
    untilWaiting: (waitsFor, options) =>
      until(({ status }) => status.kind === 'waiting' && status.for === waitsFor, options),
    answer: (given, channel) =>
      done(answerQa({ ...session, answers: [], acceptSuggestions: !given, ...given }, acting(channel))),
    approve: async (channel, hash) => {
      const { status } = (await view()).state;
      const waiting = status.kind === 'waiting' ? status.plan?.hash : undefined;
      await done(approvePlan({ ...session, hash: hash ?? waiting }, acting(channel)));
    },
    readPlan: () => readPlan(session, context()),
    requestChanges: (feedback) => done(requestChanges({ ...session, feedback }, acting())),
    resume: async (given, env) => {
      const as = acting();
      await done(resumeSession({ ...session, ...given }, { ...as, env: { ...as.env, ...env } }));
    },
    stop: (when = 'now') => done(stopSession({ ...session, when }, acting())),
    processesWithMark: () => processesOf(host, file.id),
    async [Symbol.asyncDispose]() {
      await here?.end(repo.homeDir);
      // Worker, agents and supervisor at once: all of them use its home.
      await endProcessesOf(repo.homeDir);
      if (isNoted) noteEvents(await readEvents(paths, 0).catch(() => []));
      await repo[Symbol.asyncDispose]();
    },
  };
}
