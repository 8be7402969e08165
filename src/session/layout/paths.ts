import { join, sep } from 'node:path';
import { below } from '../../base/files/below.ts';
import { threeDigits } from '../../base/files/stamps.ts';

/** The folder of pictures, beside the documents that link them: in a session's folder and in its archives. */
export const SCREENS = 'screens';

/** For people and children: what is in a session's folder, with its one writer at a time. */
const IN_SESSION = {
  /** Worker: Phase, Blocked and the three counters; children: the rest; people: all of it while nothing runs. */
  overview: '_overview.md',
  /** Children ask; the worker records answers; people may type them while the session waits. */
  qa: '_qa.md',
  /** Children propose; the worker keeps its states once a plan is approved. */
  requirements: '_requirements.json',
  /** The running child; blanked by the worker before each child. */
  signal: '_signal.json',
  /** Worker: one line per iteration, a projection of `iteration_ended`. */
  history: '_signal_history.jsonl',
  logs: '_logs',
  /** Worker: guidance for the next child. */
  inbox: '_inbox',
  inboxRead: `_inbox${sep}read`,
  /** Worker: what it did, one readable line each. */
  sessionLog: 'session.log',
  /** Worker, on request: documents put away. */
  archive: '_archive',
  /** Worker, at done: what was shown of the branch, and what its checks printed. */
  proof: 'proof',
  /** Children: pictures of what they have tested, which their reports link. */
  screens: SCREENS,
} as const;

/** Machine state: never given to a child, never edited by hand. The worker alone writes it where nothing else is said. */
const IN_RUN = {
  /** git's settings as they stood before the first child. */
  gitSettings: 'git-settings.json',
  /** The starter, once; then the worker (settings changed by a resume). */
  sessionFile: 'session.json',
  /** The truth. */
  events: 'events.jsonl',
  /** A log that somebody else had rewritten; while it stands without a log, no worker begins. */
  rewrittenEvents: 'events.jsonl.rewritten',
  /** A cache of the fold. */
  state: 'state.json',
  /** Whoever starts a worker makes the next number; the owner marks its own released. */
  leases: 'leases',
  /** Everybody but children leaves files here; the worker removes them. */
  commands: 'commands',
  iterations: 'iterations',
  /** Tiny current state for status bars. */
  now: 'now.json',
  /** What the checks printed on the base commit. */
  baseChecks: 'base-checks',
  /** What a person is asked about who is to accept weakened checks. */
  weakenedDiff: 'weakened.diff',
  /** What the checks printed on a merge of its branch. */
  mergeChecks: 'merge-checks',
  /** Whether SETUP is due in the worktree that it made, and how it went. */
  setup: 'setup',
  /** The text of the plan that was approved. */
  approvedPlan: 'approved-plan.md',
  /** While they run: our calls of git that change a checkout or a branch. */
  gitCalls: '.git-calls',
  /** A worker's own stderr, for what it could not record anywhere else. */
  workerErrors: 'worker.stderr',
} as const;

export type SessionPaths = Record<
  'folder' | 'sessionsDir' | 'sessionDir' | 'runDir' | keyof typeof IN_SESSION | keyof typeof IN_RUN,
  string
>;

/** @param archived the session folder was put away; its machine state stays where it is */
export function sessionPaths(sessionsDir: string, folder: string, archived = false): SessionPaths {
  const sessionDir = join(archived ? archiveRoot(sessionsDir) : sessionsDir, folder);
  const runDir = join(runRoot(sessionsDir), folder);
  const paths = { folder, sessionsDir, sessionDir, runDir };
  return { ...paths, ...below(sessionDir, IN_SESSION), ...below(runDir, IN_RUN) };
}

/** The largest overview, question file or plan that is read; a child may write anything. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/**
 * The largest overview that a worker keeps up: it reads and writes it at every event. A larger one is moved aside
 * and written again from the events.
 */
export const MAX_OVERVIEW_BYTES = 4 * 1024 * 1024;

export function runRoot(sessionsDir: string): string {
  return join(sessionsDir, '.run');
}

/**
 * Pages for people, below a run folder, or below the root of all for those over several sessions. No worker looks at a name
 * that begins with a point, so that a page can be written while an agent runs.
 */
export function reportFolder(above: string): string {
  return join(above, '.report');
}

export function archiveRoot(sessionsDir: string): string {
  return join(sessionsDir, '_archive');
}

/** One iteration's machine state: `.run/<session>/iterations/NNN/`. */
const IN_ITERATION = {
  /** Who the child is, fsynced before it may start. */
  child: 'child.json',
  /** Beginning of the name of the wrapper's record of the CLI's exit status; the wrapper's pid ends it. */
  exit: 'exit',
  /** The guard's arguments, and what it tells of itself. */
  guardArgs: 'guard-args',
  guardStatus: 'guard-status',
  prompt: 'prompt.md',
  /** The bytes of `_signal.json` that were judged. */
  signal: 'signal.json',
  /** The overview as it stood when the child began: what it may not drop. */
  overviewBefore: 'overview-before.md',
  /** What the worktree and the documents looked like then. */
  before: 'before.json',
  /** Why the worker ended the child, on disk before it does. */
  endedByUs: 'ended-by-us',
  /** What the checks printed that the worker ran after the agent. */
  checks: 'checks',
  /** Awake milliseconds that the child has used, so that a later worker goes on counting. */
  awake: 'awake',
} as const;
export type IterationPaths = Record<'dir' | keyof typeof IN_ITERATION, string>;

export function iterationPaths(
  { iterations }: Pick<SessionPaths, 'iterations'>,
  iteration: number,
): IterationPaths {
  const dir = join(iterations, threeDigits(iteration));
  return { dir, ...below(dir, IN_ITERATION) };
}

/**
 * What is written in a run folder while an agent runs, by whom, and when; all else there must be the same when the agent
 * has ended. NNN is the open iteration. Of a folder, which ends with a slash, only that it is one is compared.
 */
export const WRITTEN_BESIDE_AGENT = {
  'events.jsonl': 'the worker, at any time; it knows its own bytes',
  'state.json': 'the worker, after some events: a cache of the log',
  'now.json': 'the worker, after each event: a cache of the log',
  'worker.stderr': 'the worker, when it can record nothing elsewhere',
  'commands/': 'people, by any of our programs, at any time; the worker, who removes them',
  'git/': 'the agent, at any time: its private git folder',
  'git.json': 'the worker, once it has collected from that folder',
  'checkpoints/': 'git, at the checkpoint before an agent is ended',
  'base-checks/': 'checks on the base commit, beside the first agents',
  'iterations/NNN/child.json': 'the worker, before the agent may start',
  'iterations/NNN/guard-args': 'the worker, before the agent may start',
  'iterations/NNN/guard-status': 'the guard, when it starts and ends',
  'iterations/NNN/awake': 'the worker, every few seconds',
  'iterations/NNN/ended-by-us': 'the worker, before it ends the agent',
  'iterations/NNN/exit.*': 'the wrapper, when the agent has ended; * is its pid',
} as const satisfies Readonly<Record<string, string>>;

const BESIDE = Object.keys(WRITTEN_BESIDE_AGENT);

export const FOLDERS_OF_OTHERS: readonly string[] = BESIDE.filter((name) => name.endsWith('/')).map((name) =>
  name.slice(0, -1),
);

export function writtenBeside(name: string, iteration: number): boolean {
  const open = `iterations/${threeDigits(iteration)}/`;
  const known = name.startsWith(open) ? `iterations/NNN/${name.slice(open.length)}` : name;
  return BESIDE.includes(known.replace(/(\/exit)\..*$/, '$1.*'));
}
