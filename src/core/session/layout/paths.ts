import { join, sep } from 'node:path';
import { below } from '../../kernel/files/below.ts';
import { threeDigits } from '../../kernel/files/stamps.ts';

/** The folder of pictures, next to the documents that link them: in a session's folder and in its archives. */
export const SCREENS = 'screens';

/** For people and agents: the contents of a session's folder, each with its one writer at a time. */
const SESSION_FILES = {
  /** Worker: Phase, Blocked and the three counters; agents: the rest; people: all of it while nothing runs. */
  overview: '_overview.md',
  /** Agents ask; the worker records answers; people may type them while the session waits. */
  qa: '_qa.md',
  /** Agents propose; the worker updates the states once a plan is approved. */
  requirements: '_requirements.json',
  /** Worker, once: the plan that a person gave at the start, quoted, its boxes numbered. */
  givenPlan: '_given-plan.md',
  /** Worker, once: the issue that the session works on, quoted. */
  issue: '_issue.md',
  /** Worker, once: the chat that the session carries on, quoted. */
  chat: '_chat.md',
  /** The running agent; cleared by the worker before each agent. */
  signal: '_signal.json',
  /** Worker: one line per iteration, a projection of `iteration_ended`. */
  history: '_signal_history.jsonl',
  logs: '_logs',
  /** Worker: guidance for the next agent. */
  inbox: '_inbox',
  inboxRead: `_inbox${sep}read`,
  /** Worker: its acts, one readable line each. */
  sessionLog: 'session.log',
  /** Worker, on request: archived documents. */
  archive: '_archive',
  /** Worker, at done: the proof of the branch, and the output of its checks. */
  proof: 'proof',
  /** Agents: asks the worker to restart the services of the application, which removes it. */
  restartServices: '_restart_services',
  /** Agents: pictures of their tests, linked from their reports. */
  screens: SCREENS,
} as const;

/** Machine state: never given to an agent, never edited by hand. Only the worker writes it, unless noted otherwise. */
const RUN_FILES = {
  /** git's executable settings and hooks as they were before the first agent, or as a person accepted them since. */
  gitSettings: 'git-settings.json',
  /** The starter, once; then the worker (settings changed by a resume). */
  sessionFile: 'session.json',
  /** The event log, the source of truth. */
  events: 'events.jsonl',
  /** A log that another program rewrote; while it exists without `events.jsonl`, no worker starts. */
  rewrittenEvents: 'events.jsonl.rewritten',
  /** A cache of the fold. */
  state: 'state.json',
  /** The process that starts a worker creates the next number; the owner marks its own as released. */
  leases: 'leases',
  /** Everyone except agents writes files here; the worker removes them. */
  commands: 'commands',
  iterations: 'iterations',
  /** Messages that were withdrawn: agents can read the inbox. It may change while an agent runs. */
  withdrawn: '.withdrawn',
  /** A small summary of the current state for status bars. */
  now: 'now.json',
  /** The output of the checks on the base commit. */
  baseChecks: 'base-checks',
  /** The weakened checks that a person is asked to accept. */
  weakenedDiff: 'weakened.diff',
  /** The output of the checks on a merge of its branch. */
  mergeChecks: 'merge-checks',
  /** Whether SETUP is due in the worktree that the worker created, and its result. */
  setup: 'setup',
  setupOutput: 'setup-output',
  /** What programs of the project changed in the worktree where the worker ran them. */
  asFound: 'as-found.json',
  /** The output of the services of the application, and `now.json`: which of them run. */
  services: 'services',
  /** The pictures of its pages, in a folder for each proven commit. */
  pictures: 'pictures',
  approvedPlan: 'approved-plan.md',
  /** Our running git calls that change a checkout or a branch. */
  gitCalls: '.git-calls',
  /** The supervisor, at each renewal: milliseconds since boot until which a session of a pool may continue. */
  poolUntil: '.pool-until',
  /** The supervisor: this machine's knowledge of a session of a pool. */
  poolMark: '.pool.json',
  /** The worker of a pool's session, when it rests: the number of the last event that it has saved for other machines. */
  poolKept: '.pool-kept',
  /** The supervisor: the published state of a session of another machine that is shown here, and its documents. */
  copyMark: '.laid-down',
  /** The supervisor: its last polls of the pull request. */
  lastPoll: '.look.json',
  /** The supervisor: the rest at which it released the claim of the session's issue. */
  claimReleased: '.claim-released',
  /** The program that received a session of another machine: where it is now. The worker records and removes it. */
  arrived: 'arrived.json',
  /** A worker's own stderr, for problems that it could not record anywhere else. */
  workerErrors: 'worker.stderr',
} as const;

export type SessionPaths = Record<
  'folder' | 'sessionsDir' | 'sessionDir' | 'runDir' | keyof typeof SESSION_FILES | keyof typeof RUN_FILES,
  string
>;

/** @param archived the session folder was archived; its machine state stays where it is */
export function sessionPaths(sessionsDir: string, folder: string, archived = false): SessionPaths {
  const sessionDir = join(archived ? archiveRoot(sessionsDir) : sessionsDir, folder);
  const runDir = join(runRoot(sessionsDir), folder);
  const paths = { folder, sessionsDir, sessionDir, runDir };
  // Called for each session of a list: spreading these into an object takes three times as long.
  return Object.assign(paths, below(sessionDir, SESSION_FILES), below(runDir, RUN_FILES));
}

/** The largest overview, question file or plan that is read; an agent can write anything. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/**
 * The largest overview that a worker updates: it reads and writes it at every event. A larger one is quarantined and
 * rewritten from the events.
 */
export const MAX_OVERVIEW_BYTES = 4 * 1024 * 1024;

export function runRoot(sessionsDir: string): string {
  return join(sessionsDir, '.run');
}

/**
 * Pages for people, below a run folder, or below `.run` if they cover several sessions. Workers ignore names that begin
 * with a dot, so that a page can be written while an agent runs.
 */
export function reportFolder(above: string): string {
  return join(above, '.report');
}

export function archiveRoot(sessionsDir: string): string {
  return join(sessionsDir, '_archive');
}

/** The content of `setup` in a worktree in which SETUP must run. */
export const SETUP_DUE = 'due\n';

/** One iteration's machine state: `.run/<session>/iterations/NNN/`. */
const ITERATION_FILES = {
  /** The identity of the agent process, written before it may start. */
  child: 'child.json',
  /** Prefix of the name of the wrapper's record of the CLI's exit status; the wrapper's pid follows. */
  exit: 'exit',
  /** The guard's arguments, and the status it reports. */
  guardArgs: 'guard-args',
  guardStatus: 'guard-status',
  prompt: 'prompt.md',
  /** The bytes of `_signal.json` on which the decision was based. */
  signal: 'signal.json',
  /** The overview when the agent started: the agent may not drop its contents. */
  overviewBefore: 'overview-before.md',
  /** The state of the worktree and the documents at that time. */
  before: 'before.json',
  /** The reason why the worker ended the agent, written before it does so. */
  endedByUs: 'ended-by-us',
  checks: 'checks',
  /** Awake milliseconds that the agent has used, so that a later worker continues the count. */
  awake: 'awake',
} as const;
export type IterationPaths = Record<'dir' | keyof typeof ITERATION_FILES, string>;

export function iterationPaths(
  { iterations }: Pick<SessionPaths, 'iterations'>,
  iteration: number,
): IterationPaths {
  const dir = join(iterations, threeDigits(iteration));
  return { dir, ...below(dir, ITERATION_FILES) };
}

const TRAVELS: readonly string[] = [
  ...[RUN_FILES.sessionFile, RUN_FILES.events, RUN_FILES.now, RUN_FILES.baseChecks, RUN_FILES.mergeChecks],
  ...[RUN_FILES.weakenedDiff, RUN_FILES.approvedPlan, RUN_FILES.iterations, RUN_FILES.pictures],
];
const OF_A_PROCESS: readonly string[] = [
  ...[ITERATION_FILES.child, ITERATION_FILES.guardArgs, ITERATION_FILES.guardStatus, ITERATION_FILES.awake],
];

/**
 * Whether a path below a run folder moves with it to another machine. The rest describes processes and folders of
 * this one, or derives from the events.
 */
export function travels(name: string): boolean {
  const [top = '', , inIteration = ''] = name.split('/');
  if (top !== RUN_FILES.iterations) return TRAVELS.includes(top);
  return !OF_A_PROCESS.includes(inIteration) && !inIteration.startsWith(`${ITERATION_FILES.exit}.`);
}

/**
 * The files of a run folder that may change while an agent runs, by whom, and when; everything else must be
 * unchanged when the agent ends. NNN is the open iteration. A name with a trailing slash must stay a folder; its
 * contents may change.
 */
export const WRITTEN_DURING_AGENT = {
  'events.jsonl': 'the worker, at any time; it knows its own bytes',
  'state.json': 'the worker, after some events: a cache of the log',
  'now.json': 'the worker, after each event: a cache of the log',
  '.pool-until': 'the supervisor of a pool, every few seconds',
  '.pool.json': 'the supervisor of a pool, after each publication',
  'worker.stderr': 'the worker, when it can record nothing elsewhere',
  'commands/': 'people, through any samocode program, at any time; the worker, which removes them',
  'git/': 'the agent, at any time: its private git folder',
  'git.json': 'the worker, once it has collected from that folder',
  'checkpoints/': 'git, at the checkpoint before an agent is ended',
  'base-checks/': 'checks on the base commit, while the first agents run',
  'services/': 'the worker: what services print, at any time',
  'iterations/NNN/child.json': 'the worker, before the agent may start',
  'iterations/NNN/guard-args': 'the worker, before the agent may start',
  'iterations/NNN/guard-status': 'the guard, when it starts and ends',
  'iterations/NNN/awake': 'the worker, every few seconds',
  'iterations/NNN/ended-by-us': 'the worker, before it ends the agent',
  'iterations/NNN/exit.*': 'the wrapper, when the agent has ended; * is its pid',
} as const satisfies Readonly<Record<string, string>>;

export const NAMES_WRITTEN: readonly string[] = Object.keys(WRITTEN_DURING_AGENT);

export function isWrittenDuringAgent(name: string, iteration: number, names = NAMES_WRITTEN): boolean {
  const open = `iterations/${threeDigits(iteration)}/`;
  const known = name.startsWith(open) ? `iterations/NNN/${name.slice(open.length)}` : name;
  return names.includes(known.replace(/(\/exit)\..*$/, '$1.*'));
}
