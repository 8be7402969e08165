import { cp, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { changeFile } from '../../base/files/change-file.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { repairWorktree } from '../../project/worktrees/rejoin-worktree.ts';
import { removeWorktree } from '../../project/worktrees/remove-worktree.ts';
import { worktreeStays } from '../../session/commands/judge-finish.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { readOverview } from '../../session/documents/overview.ts';
import { changeOverview } from '../../session/documents/overview-change.ts';
import { atPlaces } from '../../session/events/at-places.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import type { Trash } from '../../session/events/bodies/finishing.ts';
import type { Places } from '../../session/events/bodies/places.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { readEvents } from '../../session/events/event-log.ts';
import { archiveRoot, SCREENS, type SessionPaths, sessionPaths } from '../../session/layout/paths.ts';
import type { Work } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { readOwnOverview } from '../documents/own-documents.ts';
import { dropAllCheckpoints } from '../recording/keep-work.ts';
import { removeDiscarded, restoreDiscarded } from './discarded-work.ts';

/**
 * What is left of an archiving, or of its opposite, after a crash between its event and its work.
 * @param died whether the worker before did: documents that a person brings back later stay
 */
export async function restOfFinishing(worker: Worker, died: boolean): Promise<Work | undefined> {
  const { archived, n } = stateOf(worker);
  if (archived) return intoArchive(worker, BY_SETTINGS);
  const isHome = statsAt(foldersOf(worker).home.sessionDir) !== undefined;
  if (isHome && !died) return undefined;
  const newest = await readEvents(worker.paths.events, Math.max(0, n - LOOK_BACK));
  const last = newest.findLast(({ type }) => !OF_WORKERS.includes(type));
  if (last?.type === 'unarchived' && !isHome) return outOfArchive(worker, last.by, last.trash);
  if (!died || last?.type !== 'archived' || last.what !== 'documents') return undefined;
  const { lastAction } = readOverview((await readOwnOverview(worker.paths)) ?? '');
  return lastAction === archivedWords(last.to) ? undefined : { after: () => moveDocuments(worker, last) };
}

const BY_SETTINGS: By = { channel: 'settings' };
const LOOK_BACK = 100;
const OF_WORKERS: readonly EventType[] = ['worker_took_over', 'worker_left', 'notice', 'forgery_seen'];

/** The same worker where the project is now. git inspects a worktree that was moved once both know each other again. */
export async function atNewPlaces(worker: Worker, places: Places | undefined): Promise<Worker> {
  if (places === undefined) return worker;
  const file = atPlaces(worker.file, worker.paths, places);
  const worktreePath = places.worktreePath ?? stateOf(worker).worktree?.path;
  if (worktreePath !== undefined)
    await repairWorktree({ mainRepo: file.mainRepo, worktreePath, ...worker.git.context });
  return { ...worker, file };
}

/** Where the session folder is and where it goes; its machine state stays. */
export function foldersOf({ file: { sessionsDir, folder } }: Worker): {
  home: SessionPaths;
  away: SessionPaths;
} {
  return { home: sessionPaths(sessionsDir, folder), away: sessionPaths(sessionsDir, folder, true) };
}

/** The folder moves last: while it is at home, the worktree may still have to go. */
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
    undone: async () =>
      statsAt(home.sessionDir) === undefined
        ? []
        : [{ type: 'unarchived', by, flow: 'Not archived: its worktree or its folder could not be moved' }],
  };
}

export function outOfArchive(worker: Worker, by: By, trash: Trash | undefined): Work {
  const { home, away } = foldersOf(worker);
  const to = join('_archive', home.folder);
  const flow = 'Still in the archive: the folder could not be moved';
  return {
    after: async () => {
      // The folder comes last: while it is in the archive, the rest may still have to come back.
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

/** @throws worktree_foreign, would_lose_work: what was written since the judgement is not lost either */
async function removeOwnWorktree(worker: Worker): Promise<void> {
  const path = stateOf(worker).worktree?.path;
  if (path === undefined) return;
  const { mainRepo } = worker.file;
  const reading = await removeWorktree({ mainRepo, worktreePath: path, ...worker.git.context });
  const refusal = worktreeStays({ path, reading });
  if (refusal) throw refusal.error;
}

export async function moveDocuments(
  { paths }: Worker,
  { moved, to }: { moved: readonly string[]; to: string },
): Promise<void> {
  const folder = join(paths.archive, basename(to));
  await mkdir(folder, { recursive: true });
  for (const name of moved.filter((each) => parseDocumentName(each) !== undefined))
    await ifExists(rename(join(paths.sessionDir, name), join(folder, name)));
  await bringPictures(paths, folder);
  // Written last: what shows the next worker that nothing is left to move.
  const reset = { lastAction: archivedWords(to), next: 'New work' };
  await changeFile(paths.overview, (text) => changeOverview(text ?? '', reset));
}

/** Links of the documents lead to them: what stays may need them as well. */
async function bringPictures({ sessionDir, screens }: SessionPaths, folder: string): Promise<void> {
  const isShared = namesAt(sessionDir)?.some((name) => parseDocumentName(name) !== undefined);
  const to = join(folder, SCREENS);
  // Neither a link nor a pipe of an agent's is followed or waited for.
  const filter = (from: string) => statsAt(from)?.isFile() || statsAt(from)?.isDirectory() || false;
  await ifExists(isShared ? cp(screens, to, { recursive: true, filter }) : rename(screens, to));
}

/** With the folder, for each archiving has its own. */
function archivedWords(to: string): string {
  return `Documents archived to ${to}`;
}
