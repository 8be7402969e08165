import type { Clock } from '../clock.ts';
import { systemErrorCode } from '../errors.ts';
import type { Host } from './host.ts';
import { isRunning, type ProcessEntry, type ProcessTable, type ProcessWalk } from './process-table.ts';

/** An environment variable that every process of a tree carries, wherever it was re-parented. */
export interface Mark {
  name: string;
  value: string;
}

export interface TreeRoot {
  pid: number;
  startTicks: string;
  pgid: number;
  /**
   * The number of nested processes at or below the root that contain all others in a namespace: SIGTERM kills them and, with
   * them, everything inside.
   */
  guardDepth?: number;
  /** The root is the outermost of these itself. */
  isGuard?: boolean;
  /**
   * All others are in a pid namespace, whose first process is among the known ones or has ended. No process can leave a
   * namespace, and the kernel lets its first one end only after all others, so no scan is needed.
   */
  isContained?: boolean;
}

export interface EndTreeOptions {
  host: Host;
  clock: Clock;
  /** Milliseconds between SIGTERM and SIGKILL; 0 kills immediately. */
  graceMs: number;
  /** Processes seen in the tree earlier, which may have lost the mark and their parents by now. */
  known?: readonly KnownProcess[];
}

export type KnownProcess = Pick<ProcessEntry, 'pid' | 'startTicks'>;

export type TreeEnd =
  | { kind: 'empty'; signalled: number; killed: number }
  /** Some survived even SIGKILL: they are in uninterruptible sleep, or belong to another user. */
  | { kind: 'immortal'; pids: number[] };

const FIRST_POLL_MS = 20;
const LAST_POLL_MS = 200;
const KILL_PATIENCE_MS = 4000;
/** A longer gap between two scans means that the machine slept: no more than this counts as grace. */
const LONGEST_TICK_MS = 1000;
/** A process that forks and exits during a scan can escape it with its child: one empty scan proves nothing. */
const EMPTY_SCANS = 2;

/**
 * Ends a child and everything it started: its group, its descendants, and every process that carries `mark`, even
 * if re-parented or in another session. Sends SIGTERM first, SIGKILL after `graceMs`, and scans until nothing is
 * left. A process is signalled only if its pid and start ticks still match the listing.
 */
export async function endTree(
  root: TreeRoot | undefined,
  mark: Mark,
  options: EndTreeOptions,
): Promise<TreeEnd> {
  const { clock, graceMs, host } = options;
  const { processes } = host;
  const seen: Seen = { members: new Map(), known: [...(options.known ?? [])], isScanned: false };
  const emptyScansNeeded = root?.isContained ? 1 : EMPTY_SCANS;
  const signalled = new Set<string>();
  const killed = new Set<string>();
  let waited = 0;
  let emptyScans = 0;
  let last = clock.monotonic();
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 1.5, LAST_POLL_MS)) {
    const { members: alive, groupIsOurs } =
      (await poll(root, processes, seen, waited < graceMs)) ?? (await scan(root, mark, processes, seen));
    emptyScans = alive.length === 0 ? emptyScans + 1 : 0;
    if (emptyScans === emptyScansNeeded)
      return { kind: 'empty', signalled: signalled.size, killed: killed.size };
    const now = clock.monotonic();
    waited += Math.min(now - last, LONGEST_TICK_MS);
    last = now;
    if (alive.length > 0 && waited > graceMs + KILL_PATIENCE_MS)
      return { kind: 'immortal', pids: alive.map(({ pid }) => pid) };
    const firm = waited >= graceMs;
    // A process that keeps forking escapes the listing, but the kernel signals a whole group at once.
    if (root !== undefined && groupIsOurs && (firm || emptyScans > 0)) killGroup(root.pgid);
    const guards = root === undefined ? [] : guardsOf(root, alive);
    for (const entry of alive) {
      if (!firm && guards.includes(entry)) continue;
      const done = firm ? killed : signalled;
      // Repeating SIGKILL is harmless; new members may appear in the same scan as old ones.
      if (firm || !done.has(key(entry))) await signalProcess(processes, entry, firm ? 'SIGKILL' : 'SIGTERM');
      done.add(key(entry));
      // A stopped process handles SIGTERM only once continued; some stop only after it was sent.
      if (!firm && entry.state === 'T') await signalProcess(processes, entry, 'SIGCONT');
    }
    await clock.sleep(pollMs);
  }
}

interface Seen {
  members: Map<string, ProcessEntry>;
  known: KnownProcess[];
  isScanned: boolean;
}

interface Scan {
  members: ProcessEntry[];
  groupIsOurs: boolean;
}

/**
 * The known processes of the tree and those below them; undefined if a scan of all processes is due. While those that a
 * scan has found have time to exit, none is: what leaves its parents meanwhile is found by the scan that follows.
 */
async function poll(
  root: TreeRoot | undefined,
  processes: ProcessTable,
  seen: Seen,
  isPatient: boolean,
): Promise<Scan | undefined> {
  const isContained = root?.isContained === true;
  if (!isContained && !(seen.isScanned && isPatient)) return undefined;
  const known = [...(root ? [root] : []), ...seen.known, ...seen.members.values()];
  const members = walkDown(await processes.walk(), known);
  for (const entry of members) seen.members.set(key(entry), entry);
  return members.length > 0 || isContained ? { members, groupIsOurs: false } : undefined;
}

/** Those of the given processes that still run, and all that descend from them. */
export function walkDown(walk: ProcessWalk, from: readonly KnownProcess[]): ProcessEntry[] {
  const isKnown = new Set(from.map(key));
  const known = [...new Set(from.map(({ pid }) => pid))].map(walk.read);
  const running = known.filter(isRunning).filter((entry) => isKnown.has(key(entry)));
  const found = new Map(running.map((entry) => [entry.pid, entry]));
  const queue = [...running];
  for (const parent of queue) {
    for (const pid of walk.childrenOf(parent.pid)) {
      const entry = found.has(pid) ? undefined : walk.read(pid);
      if (!isRunning(entry)) continue;
      found.set(pid, entry);
      queue.push(entry);
    }
  }
  return queue;
}

async function scan(
  root: TreeRoot | undefined,
  mark: Mark,
  processes: ProcessTable,
  seen: Seen,
): Promise<Scan> {
  seen.isScanned = true;
  const all = (await processes.list()).filter(isRunning);
  const wanted = new Set<string>([...seen.members.keys(), ...seen.known.map(key)]);
  const rootEntry =
    root && all.find((entry) => entry.pid === root.pid && entry.startTicks === root.startTicks);
  if (rootEntry) wanted.add(key(rootEntry));
  for (const entry of await marked(processes, all, mark)) wanted.add(key(entry));
  const groupIsOurs = root !== undefined && holdsOurs(root, all, wanted);
  if (groupIsOurs) {
    for (const entry of all) if (entry.pgid === root.pgid) wanted.add(key(entry));
    if (!wanted.has(key(root))) seen.known.push(root);
  }
  const members = withDescendants(all, wanted).filter((entry) => entry.pid !== process.pid);
  for (const entry of members) seen.members.set(key(entry), entry);
  return { members, groupIsOurs };
}

// A process group exists while any member lives. If its leader is gone, its number may have been reused, so it must
// contain a known process, or the caller must have seen the leader.
function holdsOurs(root: TreeRoot, all: readonly ProcessEntry[], wanted: ReadonlySet<string>): boolean {
  const leader = all.find((entry) => entry.pid === root.pgid);
  if (leader !== undefined) return leader.startTicks === root.startTicks;
  return wanted.has(key(root)) || all.some((entry) => entry.pgid === root.pgid && wanted.has(key(entry)));
}

async function marked(processes: ProcessTable, all: ProcessEntry[], mark: Mark): Promise<ProcessEntry[]> {
  const programs = all.filter(({ isKernel }) => !isKernel);
  const values = await Promise.all(programs.map((entry) => processes.environmentOf(entry.pid, mark.name)));
  return programs.filter((_, index) => values[index] === mark.value);
}

function withDescendants(all: ProcessEntry[], wanted: ReadonlySet<string>): ProcessEntry[] {
  const members = new Map(all.filter((entry) => wanted.has(key(entry))).map((entry) => [entry.pid, entry]));
  for (let grew = true; grew; ) {
    grew = false;
    for (const entry of all) {
      if (members.has(entry.pid) || !members.has(entry.ppid)) continue;
      members.set(entry.pid, entry);
      grew = true;
    }
  }
  return [...members.values()];
}

/** Guards exit on their own when the last process inside does. */
function guardsOf(
  { pid, guardDepth = 0, isGuard }: TreeRoot,
  alive: readonly ProcessEntry[],
): ProcessEntry[] {
  const guards = isGuard ? alive.filter((entry) => entry.pid === pid) : [];
  for (let level = [pid]; guards.length < guardDepth; ) {
    const below = alive.filter(({ ppid }) => level.includes(ppid));
    if (below.length === 0) break;
    guards.push(...below);
    level = below.map((entry) => entry.pid);
  }
  return guards;
}

async function signalProcess(
  processes: ProcessTable,
  entry: ProcessEntry,
  signal: NodeJS.Signals,
): Promise<void> {
  // Read again right before: the pid may have been reused since the listing.
  const now = await processes.read(entry.pid);
  if (!isRunning(now) || now.startTicks !== entry.startTicks) return;
  try {
    process.kill(entry.pid, signal);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

function killGroup(pgid: number): void {
  try {
    process.kill(-pgid, 'SIGKILL');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

function key(entry: KnownProcess): string {
  return `${entry.pid}:${entry.startTicks}`;
}
