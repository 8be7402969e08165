import { join, sep } from 'node:path';
import { threeDigits } from '../../base/files/stamps.ts';

/**
 * Every file of a session, and its one writer at a time. The first group is for people and children,
 * the second is machine state: never given to a child, never edited by hand.
 */
export interface SessionPaths {
  folder: string;
  sessionsDir: string;

  /** Worker: Phase, Blocked and the three counters; children: the rest; people: all of it while nothing runs. */
  overview: string;
  /** Children ask; the worker records answers; people may type them while the session waits. */
  qa: string;
  /** Children propose; the worker keeps its states once a plan is approved. */
  requirements: string;
  /** The running child; blanked by the worker before each child. */
  signal: string;
  /** Worker: one line per iteration, a projection of `iteration_ended`. */
  history: string;
  logs: string;
  /** Worker: git's settings as they stood before the first child. */
  gitSettings: string;
  /** Worker: guidance for the next child. */
  inbox: string;
  inboxRead: string;
  /** Worker: what it did, one readable line each. */
  sessionLog: string;
  /** Worker, on request: documents put away. */
  archive: string;
  /** Worker, at done: what was shown of the branch, and what its checks printed. */
  proof: string;
  /** Children: pictures of what they have tested, which their reports link. */
  screens: string;
  sessionDir: string;

  runDir: string;
  /** The starter, once; then the worker (settings changed by a resume). */
  sessionFile: string;
  /** Worker only: the truth. */
  events: string;
  /** Worker only: a log that somebody else had rewritten; while it stands without a log, no worker begins. */
  rewrittenEvents: string;
  /** Worker only: a cache of the fold. */
  state: string;
  /** Whoever starts a worker makes the next number; the owner marks its own released. */
  leases: string;
  /** Everybody but children leaves files here; the worker removes them. */
  commands: string;
  iterations: string;
  /** Worker only: tiny current state for status bars. */
  now: string;
  /** Worker only: what the checks printed on the base commit. */
  baseChecks: string;
  /** Worker only: what a person is asked about who is to accept weakened checks. */
  weakenedDiff: string;
  /** Worker only: what the checks printed on a merge of its branch. */
  mergeChecks: string;
  /** Worker only: whether SETUP is due in the worktree that it made, and how it went. */
  setup: string;
  /** Worker only: the text of the plan that was approved. */
  approvedPlan: string;
  /** A worker's own stderr, for what it could not record anywhere else. */
  workerErrors: string;
}

/** The folder of pictures, beside the documents that link them: in a session's folder and in its archives. */
export const SCREENS = 'screens';

/** @param archived the session folder was put away; its machine state stays where it is */
export function sessionPaths(sessionsDir: string, folder: string, archived = false): SessionPaths {
  const sessionDir = join(archived ? archiveRoot(sessionsDir) : sessionsDir, folder);
  const runDir = join(runRoot(sessionsDir), folder);
  // Made for each session of a list, and a folder that is joined needs no more than a name behind it.
  const inSession = (name: string) => `${sessionDir}${sep}${name}`;
  const inRun = (name: string) => `${runDir}${sep}${name}`;
  return {
    folder,
    sessionsDir,
    sessionDir,
    overview: inSession('_overview.md'),
    qa: inSession('_qa.md'),
    requirements: inSession('_requirements.json'),
    signal: inSession('_signal.json'),
    history: inSession('_signal_history.jsonl'),
    logs: inSession('_logs'),
    inbox: inSession('_inbox'),
    inboxRead: inSession(`_inbox${sep}read`),
    sessionLog: inSession('session.log'),
    archive: inSession('_archive'),
    proof: inSession('proof'),
    screens: inSession(SCREENS),
    runDir,
    gitSettings: inRun('git-settings.json'),
    sessionFile: inRun('session.json'),
    events: inRun('events.jsonl'),
    rewrittenEvents: inRun('events.jsonl.rewritten'),
    state: inRun('state.json'),
    leases: inRun('leases'),
    commands: inRun('commands'),
    iterations: inRun('iterations'),
    now: inRun('now.json'),
    baseChecks: inRun('base-checks'),
    weakenedDiff: inRun('weakened.diff'),
    mergeChecks: inRun('merge-checks'),
    setup: inRun('setup'),
    approvedPlan: inRun('approved-plan.md'),
    workerErrors: inRun('worker.stderr'),
  };
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
export interface IterationPaths {
  dir: string;
  /** Who the child is, fsynced before it may start. */
  child: string;
  /** Beginning of the name of the wrapper's record of the CLI's exit status; the wrapper's pid ends it. */
  exit: string;
  /** The guard's arguments, and what it tells of itself. */
  guardArgs: string;
  guardStatus: string;
  prompt: string;
  /** The bytes of `_signal.json` that were judged. */
  signal: string;
  /** The overview as it stood when the child began: what it may not drop. */
  overviewBefore: string;
  /** What the worktree and the documents looked like then. */
  before: string;
  /** Why the worker ended the child, on disk before it does. */
  endedByUs: string;
  /** What the checks printed that the worker ran after the agent. */
  checks: string;
  /** Awake milliseconds that the child has used, so that a later worker goes on counting. */
  awake: string;
}

export function iterationPaths(paths: SessionPaths, iteration: number): IterationPaths {
  const dir = join(paths.iterations, threeDigits(iteration));
  // Asked for in every tick of a watch, and a folder that is joined needs no more than a name behind it.
  const at = (name: string) => `${dir}${sep}${name}`;
  return {
    dir,
    child: at('child.json'),
    exit: at('exit'),
    guardArgs: at('guard-args'),
    guardStatus: at('guard-status'),
    prompt: at('prompt.md'),
    signal: at('signal.json'),
    overviewBefore: at('overview-before.md'),
    before: at('before.json'),
    endedByUs: at('ended-by-us'),
    checks: at('checks'),
    awake: at('awake'),
  };
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
