import { join, sep } from 'node:path';
import { stateRootFor } from '../../kernel/config-folder.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { pathsIn } from '../../kernel/files/paths-in.ts';
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

/** A file or folder of a run folder. */
interface MachineFile {
  name: string;
  /** `/`: a folder that must stay one, and of whose contents the rest is true. `.*`: the name is the beginning of some. */
  ending?: '/' | '.*';
  /**
   * Whether it moves with its session to another machine: no file of a run folder unless it says so here, every one of
   * an iteration unless it does not. The others describe processes and folders of this machine, or derive from the
   * events.
   */
  travels?: boolean;
  /** It may be changed while an agent runs: anything else must be unchanged when the agent ends. */
  duringAgent?: true;
}

type Files = Readonly<Record<string, MachineFile>>;

function namesOf<K extends string>(files: Readonly<Record<K, MachineFile>>): Record<K, string> {
  const names = Object.entries<MachineFile>(files).map(([key, { name }]) => [key, name]);
  return Object.fromEntries(names) as Record<K, string>;
}

/** Machine state: never given to an agent, never edited by hand. Only the worker writes it, unless noted otherwise. */
const RUN_FILES = {
  /** The agent's private git folder, and the worker's record of what it has collected: see `privateGitIn`. */
  privateGit: { name: 'git', ending: '/', duringAgent: true },
  privateGitNote: { name: 'git.json', duringAgent: true },
  /** Our git repository of snapshots: too large to be compared. */
  checkpoints: { name: 'checkpoints', ending: '/', duringAgent: true },
  /** git's executable settings and hooks as they were before the first agent, or as a person accepted them since. */
  gitSettings: { name: 'git-settings.json' },
  /** The starter, once; then the worker (settings changed by a resume). */
  sessionFile: { name: 'session.json', travels: true },
  /** The event log, the source of truth: the worker knows its own bytes. */
  events: { name: 'events.jsonl', travels: true, duringAgent: true },
  /** A log that another program rewrote; while it exists without `events.jsonl`, no worker starts. */
  rewrittenEvents: { name: 'events.jsonl.rewritten' },
  /** A cache of the fold. */
  state: { name: 'state.json', duringAgent: true },
  /** The process that starts a worker creates the next number; the owner marks its own as released. */
  leases: { name: 'leases' },
  /** Everyone except agents writes files here; the worker removes them. */
  commands: { name: 'commands', ending: '/', duringAgent: true },
  iterations: { name: 'iterations', travels: true },
  /** Messages that were withdrawn: agents can read the inbox. It may change while an agent runs. */
  withdrawn: { name: '.withdrawn' },
  /** A small summary of the current state for status bars. */
  now: { name: 'now.json', travels: true, duringAgent: true },
  /** The output of the checks on the base commit, which run beside the first agents. */
  baseChecks: { name: 'base-checks', ending: '/', travels: true, duringAgent: true },
  /** The weakened checks that a person is asked to accept. */
  weakenedDiff: { name: 'weakened.diff', travels: true },
  /** The output of the checks on a merge of its branch. */
  mergeChecks: { name: 'merge-checks', travels: true },
  /** Whether SETUP is due in the worktree that the worker created, and its result. */
  setup: { name: 'setup' },
  setupOutput: { name: 'setup-output' },
  /** What programs of the project changed in the worktree where the worker ran them. */
  asFound: { name: 'as-found.json' },
  /** The output of the services of the application, and `now.json`: which of them run. */
  services: { name: 'services', ending: '/', duringAgent: true },
  /** The pictures of its pages, in a folder for each proven commit. */
  pictures: { name: 'pictures', travels: true },
  approvedPlan: { name: 'approved-plan.md', travels: true },
  /** What the branch has changed since its base: other sessions compare it. */
  changedPaths: { name: 'changed-paths.json' },
  /** Our running git calls that change a checkout or a branch. */
  gitCalls: { name: '.git-calls' },
  /** The supervisor, at each renewal: milliseconds since boot until which a session of a pool may continue. */
  poolUntil: { name: '.pool-until', duringAgent: true },
  /** The supervisor: this machine's knowledge of a session of a pool. */
  ownership: { name: '.pool.json', duringAgent: true },
  /** The worker of a pool's session, when it rests: the number of the last event that it has saved for other machines. */
  poolKept: { name: '.pool-kept' },
  /** The supervisor: the published state of a session of another machine that is shown here, and its documents. */
  copyMark: { name: '.laid-down' },
  /** The supervisor: its last polls of the pull request. */
  lastPoll: { name: '.look.json' },
  /** The supervisor: the rest at which it released the claim of the session's issue. */
  claimReleased: { name: '.claim-released' },
  /** The program that received a session of another machine: where it is now. The worker records and removes it. */
  arrived: { name: 'arrived.json' },
  /** A link with the reason why the worker repeats a step, or could not begin: see `held-up.ts`. */
  heldUp: { name: '.held-up', duringAgent: true },
  /** A worker's own stderr, for problems that it could not record anywhere else. */
  workerErrors: { name: 'worker.stderr', duringAgent: true },
} as const satisfies Files;

const RUN_NAMES = namesOf(RUN_FILES);

export type SessionPaths = Record<
  'folder' | 'sessionsDir' | 'sessionDir' | 'runDir' | keyof typeof SESSION_FILES | keyof typeof RUN_FILES,
  string
>;

/** @param archived the session folder was archived; its machine state stays where it is
 * @param runDir only for a session whose run folder is where this version keeps none */
export function sessionPaths(
  sessionsDir: string,
  folder: string,
  archived = false,
  runDir = join(runRoot(sessionsDir), folder),
): SessionPaths {
  const sessionDir = join(archived ? archiveRoot(sessionsDir) : sessionsDir, folder);
  const paths = { folder, sessionsDir, sessionDir, runDir };
  // Called for each session of a list: spreading these into an object takes three times as long.
  return Object.assign(paths, pathsIn(sessionDir, SESSION_FILES), pathsIn(runDir, RUN_NAMES));
}

/** The largest overview, question file or plan that is read; an agent can write anything. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/**
 * The largest overview that a worker updates: it reads and writes it at every event. A larger one is quarantined and
 * rewritten from the events.
 */
export const MAX_OVERVIEW_BYTES = 4 * 1024 * 1024;

/**
 * The machine state of the sessions of a SESSIONS folder: in the home, where no repository, archive or other user
 * writes. A session is this user's because its run folder is there.
 * @param sessionsDir without links: other spellings of it are other folders
 * @param state the state folder of another home
 */
export function runRoot(sessionsDir: string, state = stateRootFor(sessionsDir)): string {
  return join(state, fingerprint(sessionsDir).slice(0, 16));
}

/** Where versions before the state folder kept run folders. */
export function earlierRunRoot(sessionsDir: string): string {
  return join(sessionsDir, '.run');
}

/**
 * Pages for people, below a run folder, or beside the run folders if they cover several sessions. Workers ignore names that begin
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

/** One iteration's machine state: `<run folder>/iterations/NNN/`. */
const ITERATION_FILES = {
  /** The identity of the agent process, written before it may start. */
  child: { name: 'child.json', travels: false, duringAgent: true },
  /** Prefix of the name of the wrapper's record of the CLI's exit status; the wrapper's pid follows. */
  exit: { name: 'exit', ending: '.*', travels: false, duringAgent: true },
  /** The guard's arguments, and the status it reports. */
  guardArgs: { name: 'guard-args', travels: false, duringAgent: true },
  guardStatus: { name: 'guard-status', travels: false, duringAgent: true },
  prompt: { name: 'prompt.md' },
  /** The bytes of `_signal.json` on which the decision was based. */
  signal: { name: 'signal.json' },
  /** The overview when the agent started: the agent may not drop its contents. */
  overviewBefore: { name: 'overview-before.md' },
  /** The state of the worktree and the documents at that time. */
  before: { name: 'before.json' },
  /** The reason why the worker ended the agent, written before it does so. */
  endedByUs: { name: 'ended-by-us', duringAgent: true },
  checks: { name: 'checks' },
  /** Awake milliseconds that the agent has used, so that a later worker continues the count. */
  awake: { name: 'awake', travels: false, duringAgent: true },
} as const satisfies Files;
const ITERATION_NAMES = namesOf(ITERATION_FILES);

export type IterationPaths = Record<'dir' | keyof typeof ITERATION_FILES, string>;

export function iterationPaths(
  { iterations }: Pick<SessionPaths, 'iterations'>,
  iteration: number,
): IterationPaths {
  const dir = join(iterations, threeDigits(iteration));
  return { dir, ...pathsIn(dir, ITERATION_NAMES) };
}

/** Whether a path below a run folder moves with it to another machine. */
export function travels(path: string): boolean {
  const [top = '', , inIteration = ''] = path.split('/');
  if (top !== RUN_NAMES.iterations) return fileOf(RUN_FILES, top)?.travels === true;
  return fileOf(ITERATION_FILES, inIteration)?.travels !== false;
}

function fileOf(files: Files, name: string): MachineFile | undefined {
  return Object.values(files).find((file) =>
    file.ending === '.*' ? name.startsWith(`${file.name}.`) : name === file.name,
  );
}

/** The names, with their endings, that may change while an agent runs. NNN is the open iteration. */
export const NAMES_WRITTEN: readonly string[] = [
  ...writtenIn(RUN_FILES),
  ...writtenIn(ITERATION_FILES).map((name) => `iterations/NNN/${name}`),
];

function writtenIn(files: Files): string[] {
  const written = Object.values(files).filter(({ duringAgent }) => duringAgent);
  return written.map(({ name, ending = '' }) => `${name}${ending}`);
}

export function isWrittenDuringAgent(name: string, iteration: number, names = NAMES_WRITTEN): boolean {
  const open = `iterations/${threeDigits(iteration)}/`;
  const known = name.startsWith(open) ? `iterations/NNN/${name.slice(open.length)}` : name;
  return names.includes(known.replace(/(\/exit)\..*$/, '$1.*'));
}
