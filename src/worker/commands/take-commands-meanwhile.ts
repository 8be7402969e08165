import { pendingCommandIds } from '../../session/commands/commands.ts';
import { ifTaken } from '../core/passing-errors.ts';
import type { Worker } from '../core/worker.ts';
import { meet, removeAnswered } from './take-commands.ts';

/**
 * Takes commands while a child is watched, whose time limit and end wait for no disk: what that refuses is
 * left lying and met later. A stop counts in the state from now on, also before its event is on disk.
 * @returns false when something was left
 */
export async function takeCommandsMeanwhile(worker: Worker): Promise<boolean> {
  const { writer, projector, paths } = worker;
  const ids = pendingCommandIds(paths);
  const met: string[] = [];
  for (const id of ids) {
    if (!writer.isAnswered(id)) {
      const outcome = await ifTaken(meet(worker, id, 'child_runs'));
      if (outcome === undefined) continue;
      writer.stage(...outcome.events);
    }
    met.push(id);
  }
  if (met.length === 0) return ids.length === 0;
  const written = await ifTaken(writer.append());
  if (written === undefined) return false;
  await projector.apply(writer.state, written);
  await removeAnswered(worker, met);
  return met.length === ids.length;
}
