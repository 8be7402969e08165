import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { statsAt } from '../../base/files/path-stats.ts';
import type { EventBody, EventType } from '../../session/events/bodies/event-types.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { readEvents } from '../../session/events/event-log.ts';
import { archiveRoot, type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import type { Work } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { dropAllCheckpoints } from '../recording/keep-work.ts';
import { removeDiscarded, removeOwnWorktree, restoreDiscarded } from './archived-work.ts';
import { areDocumentsMoved, moveDocuments } from './document-archive.ts';

/**
 * Completes an archive or unarchive that a crash interrupted between event and work.
 * @param died whether the last worker died; if not, documents that a person restored later are not moved again
 */
export async function restOfFinishing(worker: Worker, died: boolean): Promise<Work | undefined> {
  const { archived, n } = stateOf(worker);
  if (archived) return intoArchive(worker, BY_SETTINGS);
  const isHome = statsAt(foldersOf(worker).home.sessionDir) !== undefined;
  if (isHome && !died) return undefined;
  const newest = await readEvents(worker.paths, Math.max(0, n - RECENT_EVENTS));
  const last = newest.findLast(({ type }) => !OF_WORKERS.includes(type));
  if (last?.type === 'unarchived' && !isHome) return outOfArchive(worker, last.by, last.trash);
  if (!died || last?.type !== 'archived' || last.what !== 'documents') return undefined;
  return (await areDocumentsMoved(worker, last)) ? undefined : { after: () => moveDocuments(worker, last) };
}

const BY_SETTINGS: By = { channel: 'settings' };
const RECENT_EVENTS = 100;
const OF_WORKERS: readonly EventType[] = ['worker_took_over', 'worker_left', 'notice', 'forgery_seen'];

/** The session's paths outside and inside the archive; its machine state stays where it is. */
export function foldersOf({ file: { sessionsDir, folder } }: Worker): {
  home: SessionPaths;
  away: SessionPaths;
} {
  return { home: sessionPaths(sessionsDir, folder), away: sessionPaths(sessionsDir, folder, true) };
}

/** Moves the folder last: as long as it is in its old place, the worktree may still have to be removed. */
export function intoArchive(worker: Worker, by: By): Work {
  const { home, away } = foldersOf(worker);
  return {
    after: async () => {
      if (statsAt(home.sessionDir) !== undefined && statsAt(away.sessionDir) === undefined) {
        await mkdir(archiveRoot(home.sessionsDir), { recursive: true });
        const { trash } = stateOf(worker);
        if (trash === undefined) await removeOwnWorktree(worker);
        else await removeDiscarded(worker, trash);
        await rename(home.sessionDir, away.sessionDir);
      }
      worker.projector.relocate(away);
      await dropAllCheckpoints(worker);
    },
    undone: async () => {
      if (statsAt(home.sessionDir) === undefined) return [];
      const { trash } = stateOf(worker);
      // Worktree or branch may already be gone.
      if (trash !== undefined) await restoreDiscarded(worker, trash);
      return [
        {
          type: 'unarchived',
          by,
          flow: 'Not archived: its worktree could not be removed or its folder could not be moved',
        },
      ];
    },
  };
}

export function outOfArchive(worker: Worker, by: By, trash: EventBody<'unarchived'>['trash']): Work {
  const { home, away } = foldersOf(worker);
  const to = join('_archive', home.folder);
  const flow = 'Still in the archive: the folder could not be moved';
  return {
    after: async () => {
      // The folder is restored last: as long as it is missing, the rest may still have to be restored.
      if (trash !== undefined && statsAt(home.sessionDir) === undefined)
        await restoreDiscarded(worker, trash);
      await ifExists(rename(away.sessionDir, home.sessionDir));
      worker.projector.relocate(home);
    },
    undone: async () => [
      ...(trash === undefined ? [] : [{ type: 'discarded', by, trash } as const]),
      { type: 'archived', by, what: 'session', moved: [], to, flow },
    ],
  };
}
