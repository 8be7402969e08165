import { readFile } from 'node:fs/promises';
import { writeWhole } from '../base/atomic-file.ts';
import { type KnownProcess, treeMembers } from '../base/end-tree.ts';
import { ifExists } from '../base/errors.ts';
import { livenessOf } from '../base/host.ts';
import type { ChildRecord } from '../providers/run-child.ts';
import { iterationPaths } from '../session/paths.ts';
import type { OpenIteration } from '../session/state.ts';
import type { ChildLog } from './child-log.ts';
import { takeCommands } from './take-commands.ts';
import { childMark, treeRoot } from './tree.ts';
import { stateOf, type Worker } from './worker.ts';

/** Why the worker stopped watching. */
export type WatchEnd = 'exited' | 'timeout' | 'stop' | 'flooded';

const TICK_MS = 50;
/** A longer gap between two ticks was sleep, SIGSTOP or a jump: it robs the child of nothing. */
const LONGEST_TICK_MS = 2000;
const SAMPLE_EVERY_MS = 1000;
const READ_PER_TICK_BYTES = 4 * 1024 * 1024;

/** Watches a child until it has ended or must be ended; takes the commands that are allowed meanwhile. */
export async function watchChild(
  worker: Worker,
  open: OpenIteration,
  child: ChildRecord,
  log: ChildLog,
): Promise<{ end: WatchEnd; awakeMs: number; known: KnownProcess[] }> {
  const { clock, host } = worker;
  const known = new Map<number, KnownProcess>();
  const awake = await AwakeTime.resume(worker, open.iteration);
  let sampledAt = Number.NEGATIVE_INFINITY;
  let shown: string | undefined;
  const ended = (end: WatchEnd) => ({ end, awakeMs: awake.ms, known: [...known.values()] });
  for (;;) {
    await takeCommands(worker, 'child_runs');
    if (stateOf(worker).stopWanted?.when === 'now') return ended('stop');
    if (await hasExited(worker, open, child)) return ended('exited');
    await awake.tick();
    if (awake.ms >= open.timeLimitMs) return ended('timeout');
    await log.readOn(READ_PER_TICK_BYTES);
    if (clock.monotonic() - sampledAt >= SAMPLE_EVERY_MS) {
      sampledAt = clock.monotonic();
      await awake.save();
      for (const entry of await treeMembers(treeRoot(child), childMark(worker), { host }))
        known.set(entry.pid, entry);
      if (log.activity !== shown) {
        shown = log.activity;
        // A status bar may miss an update; the child's work goes on.
        await worker.projector.writeNow(stateOf(worker), shown).catch(() => undefined);
      }
    }
    await clock.sleep(TICK_MS);
  }
}

async function hasExited(worker: Worker, open: OpenIteration, child: ChildRecord): Promise<boolean> {
  const exit = await ifExists(readFile(iterationPaths(worker.paths, open.iteration).exit, 'utf8'));
  return exit !== undefined || (await livenessOf(worker.host, child.wrapper)) === 'dead';
}

/** Counts the time that worker and machine were awake, also over a change of worker. */
class AwakeTime {
  readonly #worker: Worker;
  readonly #path: string;
  #ms: number;
  #last: number;

  private constructor(worker: Worker, path: string, ms: number) {
    this.#worker = worker;
    this.#path = path;
    this.#ms = ms;
    this.#last = worker.clock.monotonic();
  }

  static async resume(worker: Worker, iteration: number): Promise<AwakeTime> {
    const path = iterationPaths(worker.paths, iteration).awake;
    const saved = Number(await ifExists(readFile(path, 'utf8')));
    return new AwakeTime(worker, path, Number.isFinite(saved) ? saved : 0);
  }

  get ms(): number {
    return Math.round(this.#ms);
  }

  async tick(): Promise<void> {
    const now = this.#worker.clock.monotonic();
    this.#ms += Math.min(now - this.#last, LONGEST_TICK_MS);
    this.#last = now;
  }

  async save(): Promise<void> {
    await writeWhole(this.#path, `${this.ms}\n`).catch(() => undefined);
  }
}
