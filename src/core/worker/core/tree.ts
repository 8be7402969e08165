import {
  endTree,
  type KnownProcess,
  type Mark,
  type TreeEnd,
  type TreeRoot,
  treeMembers,
} from '../../kernel/processes/end-tree.ts';
import { livenessOf, runningEntry } from '../../kernel/processes/host.ts';
import type { ProcessEntry } from '../../kernel/processes/process-table.ts';
import { SESSION_MARK } from '../../sandbox/programs/environment.ts';
import type { ChildRecord } from '../../sandbox/programs/run-child.ts';
import type { Worker } from './worker.ts';

/** Time for an agent CLI to end its own tools after SIGTERM. */
const GRACE_MS = 3000;
/** Processes left after the agent's end have nothing to save. */
const LEFTOVER_GRACE_MS = 300;

/** Bubblewrap runs outside as a monitor and inside as the first process: a child and a grandchild of the wrapper. */
const GUARD_DEPTH = 2;

export function childMark(worker: Pick<Worker, 'file'>): Mark {
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

/** The processes of a running agent, polled repeatedly. */
export class ChildTree {
  readonly #worker: Worker;
  readonly #child: ChildRecord;
  readonly #known = new Map<string, KnownProcess>();
  #root: TreeRoot | undefined;

  constructor(worker: Worker, child: ChildRecord) {
    this.#worker = worker;
    this.#child = child;
  }

  /** Every process seen so far; few in the guard, since none can leave it. */
  get known(): KnownProcess[] {
    return [...this.#known.values()];
  }

  async members(): Promise<ProcessEntry[]> {
    const { host } = this.#worker;
    this.#root ??= await treeRoot(this.#worker, this.#child);
    const members = await treeMembers(this.#root, childMark(this.#worker), { host });
    for (const entry of members) this.#known.set(`${entry.pid}:${entry.startTicks}`, entry);
    return members;
  }
}

export async function endChildTree(
  worker: Worker,
  child: ChildRecord | undefined,
  options: { leftoversOnly: boolean; known?: readonly KnownProcess[] },
): Promise<TreeEnd> {
  const { host, clock } = worker;
  const sameBoot = child !== undefined && child.wrapper.bootId === host.bootId;
  return await endTree(sameBoot ? await treeRoot(worker, child) : undefined, childMark(worker), {
    host,
    clock,
    graceMs: options.leftoversOnly ? LEFTOVER_GRACE_MS : GRACE_MS,
    known: options.known ?? [],
  });
}
