import { statsAt } from '../../kernel/files/path-stats.ts';
import { afterProgram, beforeProgram, type FoundPlace } from '../../project/worktrees/as-found.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { FOUND } from '../../session/events/fold.ts';
import { stateOf, type Worker } from './worker.ts';

export function foundPlace({ paths, git }: Pick<Worker, 'paths' | 'git'>, worktreePath: string): FoundPlace {
  return { ...git.context, worktreePath, copy: paths.asFound };
}

/**
 * Runs programs of the project in the worktree while no agent works there: what they change counts as found, not as
 * work.
 * @param programs the settings that name them
 * @param tell takes notices about new paths
 */
export async function asOurs<T>(
  worker: Worker,
  programs: readonly string[],
  run: () => Promise<T>,
  tell: (notices: NewEvent[]) => Promise<void>,
): Promise<T> {
  const path = stateOf(worker).worktree?.path;
  if (path === undefined || statsAt(path) === undefined) return await run();
  const place = foundPlace(worker, path);
  await beforeProgram(place);
  try {
    return await run();
  } finally {
    const notes = await afterProgram(place, listedOr(programs));
    await tell(notes.map((text): NewEvent => ({ type: 'notice', code: FOUND, text, flow: text })));
  }
}

function listedOr(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
