import { mkdir, rename } from 'node:fs/promises';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { removeWorktree } from '../../project/worktrees/remove-worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { refuseWorktreeRemoval } from '../../session/commands/judge-finish.ts';
import type { FinishingOf } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { archiveRoot } from '../../session/layout/paths.ts';
import { foldersOf } from '../commands/archive-places.ts';
import { dropAllCheckpoints } from '../record/keep-work.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { removeDiscarded } from './discard.ts';

/** Moves the folder last: as long as it is in its old place, the worktree may still have to be removed. */
export async function performArchive(
  worker: Worker,
  work: FinishingOf<'archive' | 'discard'>,
): Promise<NewEvent[]> {
  const { home, away } = foldersOf(worker);
  if (statsAt(home.sessionDir) !== undefined) {
    if (statsAt(away.sessionDir) !== undefined) throw COMMAND_ERRORS.folder_taken();
    await mkdir(archiveRoot(home.sessionsDir), { recursive: true });
    if (work.kind === 'discard') await removeDiscarded(worker, work.trash);
    else await removeOwnWorktree(worker);
    await rename(home.sessionDir, away.sessionDir);
  }
  worker.projector.relocate(away);
  await dropAllCheckpoints(worker);
  await worker.application?.release();
  const { by, to } = work;
  const archived: NewEvent = { type: 'archived', by, what: 'session', moved: [], to };
  if (work.kind === 'archive')
    return [{ ...archived, flow: `Archived; branch ${worker.file.settings.branch} is kept` }];
  const { trash } = work;
  const flow = `Discarded; ${trash.ref} keeps branch ${trash.branch} and worktree`;
  return [{ type: 'discarded', by, trash, flow }, archived];
}

/** The branch stays. */
async function removeOwnWorktree(worker: Worker): Promise<void> {
  const path = stateOf(worker).worktree?.path;
  if (path === undefined) return;
  const { mainRepo } = worker.file;
  const reading = await removeWorktree({ mainRepo, worktreePath: path, ...worker.git.context });
  const refusal = refuseWorktreeRemoval({ path, reading });
  if (refusal) throw refusal.error;
}

export async function performUnarchive(
  worker: Worker,
  { by }: FinishingOf<'unarchive'>,
): Promise<NewEvent[]> {
  const { home, away } = foldersOf(worker);
  if (statsAt(away.sessionDir) !== undefined) {
    if (statsAt(home.sessionDir) !== undefined) throw COMMAND_ERRORS.folder_taken();
    await rename(away.sessionDir, home.sessionDir);
  }
  worker.projector.relocate(home);
  return [{ type: 'unarchived', by, flow: 'Restored from the archive' }];
}
