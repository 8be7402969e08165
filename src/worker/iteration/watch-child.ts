import { newWatcher } from '../../base/files/watcher.ts';
import { type ChildRecord, exitFile } from '../../providers/starting/run-child.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { takeCommandsMeanwhile } from '../commands/take-commands-meanwhile.ts';
import { readExit } from '../core/iteration-files.ts';
import { unlessLost } from '../core/passing-errors.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { AwakeTime } from '../limits/awake-time.ts';
import type { ChildLog } from '../limits/child-log.ts';
import { SAMPLE_EVERY_MS, Sampler, type WatchedChild } from './sampler.ts';

/** Watches a child until it has ended or must be ended; takes the commands that are allowed meanwhile. */
export async function watchChild(
  worker: Worker,
  open: OpenIteration,
  child: ChildRecord,
  log: ChildLog,
): Promise<WatchedChild> {
  const { clock, paths } = worker;
  const exit = exitFile(iterationPaths(paths, open.iteration).exit, child);
  const watcher = newWatcher({ clock });
  const sampler = new Sampler(worker, open, child, log, await AwakeTime.resume(worker, open.iteration));
  // What fails is looked at again: the child's time goes on meanwhile.
  const tried = unlessLost(clock);
  try {
    for (let commandsAtMs = 0; ; ) {
      watcher.watch([exit, paths.commands]);
      if (clock.monotonic() >= commandsAtMs && (await tried(takeCommandsMeanwhile(worker))) !== true)
        commandsAtMs = clock.monotonic() + SAMPLE_EVERY_MS;
      if (stateOf(worker).stopWanted?.when === 'now') return sampler.watched('stop');
      if ((await tried(readExit(worker, open, child))) !== undefined) return sampler.watched('exited');
      const end = await tried(sampler.look());
      if (end !== undefined) return sampler.watched(end);
      await watcher.wait(sampler.restMs);
    }
  } finally {
    watcher.close();
  }
}
