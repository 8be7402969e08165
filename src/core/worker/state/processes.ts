import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { readTail } from '../../kernel/files/lines.ts';
import {
  endTree,
  type KnownProcess,
  type Mark,
  type TreeEnd,
  type TreeRoot,
  walkDown,
} from '../../kernel/processes/end-tree.ts';
import { livenessOf, runningEntry } from '../../kernel/processes/host.ts';
import { newestNumber, readHolding } from '../../kernel/processes/lease.ts';
import { isRunning, type ProcessEntry, type ProcessWalk } from '../../kernel/processes/process-table.ts';
import { ITERATION_MARK, SESSION_MARK } from '../../sandbox/programs/marks.ts';
import type { ChildRecord } from '../../sandbox/programs/run-child.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { callExtensions } from './extension.ts';
import { stateOf, type Worker } from './worker.ts';

/** Time for an agent CLI to end its own tools after SIGTERM. */
const GRACE_MS = 3000;
/** Processes left after the agent's end have nothing to save. */
export const LEFTOVER_GRACE_MS = 300;

/** Bubblewrap runs outside as a monitor and inside as the first process: a child and a grandchild of the wrapper. */
const GUARD_DEPTH = 2;

export function sessionMark(worker: Pick<Worker, 'file'>): Mark {
  return { name: SESSION_MARK, value: worker.file.id };
}

async function treeRoot({ host }: Pick<Worker, 'host'>, child: ChildRecord): Promise<TreeRoot> {
  const { pid } = child.wrapper;
  const { startTicks } = (await runningEntry(host, child.wrapper)) ?? child.wrapper;
  // The wrapper leads its own process group.
  return { pid, startTicks, pgid: pid, guardDepth: child.guard ? GUARD_DEPTH : 0 };
}

/** False for a process that is not visible from here: it belonged to a worker elsewhere that a person has given up. */
export async function isAlive({ host }: Pick<Worker, 'host'>, { wrapper }: ChildRecord): Promise<boolean> {
  return (await livenessOf(host, wrapper)) === 'alive';
}

/** The processes of an agent that runs without a guard, polled repeatedly. */
export class AgentTree {
  readonly #worker: Worker;
  readonly #child: ChildRecord;
  #known: readonly ProcessEntry[] = [];
  #root: TreeRoot | undefined;
  /** Children of the wrapper's ancestors, none of which has to be examined again. */
  #examined: ReadonlySet<number> = new Set();

  constructor(worker: Worker, child: ChildRecord) {
    this.#worker = worker;
    this.#child = child;
  }

  get known(): readonly KnownProcess[] {
    return this.#known;
  }

  /**
   * Walks from the wrapper and from all known processes to those below them. A process that left its parents since the
   * last sample is found by its new parent, unless it is just starting another program, which hides its marker. Then it
   * ends with its agent nevertheless, because the end scans all processes.
   */
  async noteMembers(): Promise<ProcessEntry[]> {
    const walk = await this.#worker.host.processes.walk();
    this.#root ??= await treeRoot(this.#worker, this.#child);
    const orphans = await this.#orphans(walk, this.#root);
    const members = walkDown(walk, [this.#root, ...this.#known, ...orphans]);
    this.#known = members;
    return members;
  }

  /** A process whose parents have ended becomes a child of an ancestor of the wrapper. */
  async #orphans(walk: ProcessWalk, root: TreeRoot): Promise<ProcessEntry[]> {
    const { name, value } = sessionMark(this.#worker);
    const { processes } = this.#worker.host;
    const ancestors = ancestorsOf(walk, root.pid);
    const adopted = ancestors.every((pid) => walk.read(pid) !== undefined)
      ? ancestors.flatMap(walk.childrenOf)
      : // The system hides other users' processes, pid 1 among them, so the list is short.
        (await processes.list()).map(({ pid }) => pid);
    const fresh = adopted.filter((pid) => pid !== process.pid && !this.#examined.has(pid));
    this.#examined = new Set(adopted);
    const values = await Promise.all(fresh.map((pid) => processes.environmentOf(pid, name)));
    const isOurs = ({ pgid }: ProcessEntry, at: number) => values[at] === value || pgid === root.pgid;
    return fresh.flatMap((pid, at) => {
      const entry = walk.read(pid);
      return isRunning(entry) && isOurs(entry, at) ? [entry] : [];
    });
  }
}

function ancestorsOf(walk: ProcessWalk, pid: number): number[] {
  const parent = walk.read(pid)?.ppid ?? 0;
  return parent > 0 ? [parent, ...ancestorsOf(walk, parent)] : [];
}

export async function endAgentTree(
  worker: Worker,
  child: ChildRecord | undefined,
  options: { leftoversOnly: boolean; known?: readonly KnownProcess[] },
): Promise<TreeEnd> {
  const { host, clock } = worker;
  const sameBoot = child !== undefined && child.wrapper.bootId === host.bootId;
  const root = sameBoot ? await treeRoot(worker, child) : undefined;
  const { known = [] } = options;
  const first = root && child?.guard ? await firstInGuard(worker, root, known) : undefined;
  return await endTree(root && first ? { ...root, isContained: true } : root, sessionMark(worker), {
    host,
    clock,
    graceMs: options.leftoversOnly ? LEFTOVER_GRACE_MS : GRACE_MS,
    known: first ? [...known, ...first] : known,
  });
}

/**
 * The first process inside the guard, after whose end no other is left there; none if it has ended. Undefined, so that
 * all processes are scanned, if bubblewrap has not named it, or if this worker has not seen the wrapper alive: another
 * group may have its number by now.
 */
async function firstInGuard(
  worker: Worker,
  root: TreeRoot,
  known: readonly KnownProcess[],
): Promise<KnownProcess[] | undefined> {
  const { host, paths } = worker;
  const open = stateOf(worker).openIteration;
  const isWrapper = ({ pid, startTicks }: KnownProcess) => pid === root.pid && startTicks === root.startTicks;
  const wasSeen = known.some(isWrapper) || (await runningEntry(host, root)) !== undefined;
  if (open === undefined || !wasSeen) return undefined;
  const status = readTail(iterationPaths(paths, open.iteration).guardStatus, MAX_STATUS_BYTES);
  const pid = /"child-pid":\s*(\d+)/.exec(status)?.[1];
  if (pid === undefined) return undefined;
  const entry = await host.processes.read(Number(pid));
  // It never leaves the group of the wrapper: a process of another group has reused its pid.
  return isRunning(entry) && entry.pgid === root.pgid ? [entry] : [];
}

const MAX_STATUS_BYTES = 8192;

/** Called while watching an agent, since a new owner is otherwise noticed only when an event is written. */
export async function requireLease(worker: Worker): Promise<void> {
  const { paths, writer } = worker;
  await callExtensions(worker, 'checkLease');
  if ((newestNumber(paths.leases) ?? 0) > writer.lease)
    throw BASE_ERRORS.lease_lost({ number: writer.lease });
}

/**
 * Ends the agent of a session that was taken over on another machine or in another container: the new owner cannot
 * see its processes. An owner that sees them adopts them.
 */
export async function endAgentIfUnseen(
  worker: Worker,
  { iteration }: OpenIteration,
  child: ChildRecord,
): Promise<void> {
  const { host, paths } = worker;
  const holding = await readHolding(paths.leases, host);
  if (holding.kind !== 'held' && holding.kind !== 'released') return;
  const { hostId, bootId, pidNamespace } = holding.lease.owner;
  if (hostId === host.hostId && bootId === host.bootId && pidNamespace === host.pidNamespace) return;
  const { processes } = host;
  // If the new owner is in a container of this machine, its agent may be visible here, but has a later iteration.
  const environmentOf = async (pid: number, name: string) =>
    (await processes.environmentOf(pid, ITERATION_MARK)) === String(iteration)
      ? await processes.environmentOf(pid, name)
      : undefined;
  const here = { ...worker, host: { ...host, processes: { ...processes, environmentOf } } };
  await endAgentTree(here, child, { leftoversOnly: false });
}
