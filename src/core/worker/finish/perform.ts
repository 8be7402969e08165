import { cp, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { changeFile } from '../../kernel/files/change-file.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { counted } from '../../kernel/text.ts';
import { dropBranch, isAllInTrash } from '../../project/finishing/trash.ts';
import { removeWorktree } from '../../project/worktrees/remove-worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { refuseWorktreeRemoval } from '../../session/commands/judge-finish.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { changeOverview } from '../../session/documents/overview.ts';
import type { FinishingOf, Trash } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { type OpenWork, type OpenWorkOf, workNow } from '../../session/events/open-work.ts';
import { archiveRoot, SCREENS, type SessionPaths } from '../../session/layout/paths.ts';
import { archiveFolder, foldersOf } from '../commands/archive-places.ts';
import { checkpointPlace, dropAllCheckpoints } from '../record/keep-work.ts';
import { settle } from '../record/park.ts';
import { type Failure, type Performer, type Performers, sessionExtensions } from '../state/extension.ts';
import { Stopped } from '../state/interrupts.ts';
import { lastingFailure, unlessKilled } from '../state/passing-errors.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { mergeFailed, mergeStopped, performMerge } from './merge.ts';
import { performRewind, rewindFailed } from './rewind.ts';

const PERFORMERS: Partial<Performers> = {
  decision: { perform: settle },
  discard_unbegun: { perform: discardUnbegun },
  rewind: { perform: performRewind, failed: rewindFailed },
  archive: { perform: performArchive, failed },
  discard: { perform: performArchive, failed },
  documents: { perform: performDocuments, failed },
  unarchive: { perform: performUnarchive, failed },
  merge: { perform: performMerge, failed: mergeFailed, stopped: mergeStopped },
};

/** Does what is in progress. A lasting failure ends it, and is recorded with its reason. @returns false if nothing is */
export async function performWork(worker: Worker): Promise<boolean> {
  const work = workNow(stateOf(worker));
  if (work === undefined) return false;
  const { perform, failed: failedAs, stopped } = performerOf(work.kind);
  try {
    await record(worker, ...(await unlessKilled(worker.clock, () => perform(worker, work))));
  } catch (error) {
    if (error instanceof Stopped && stopped !== undefined) {
      await record(worker, stopped(work));
      return true;
    }
    if (failedAs === undefined || error instanceof Stopped) throw error;
    const then = work.kind === 'rewind' ? 'resume the session' : 'ask for it again';
    await record(worker, await failedAs(work, lastingFailure(worker, error, then), worker));
  }
  return true;
}

function performerOf(kind: OpenWork['kind']): Performer<OpenWork['kind']> {
  const rows = Object.assign({}, PERFORMERS, ...sessionExtensions.items.map(({ performers }) => performers));
  // TypeScript cannot relate the row of a kind to the work of that kind.
  return rows[kind] ?? { perform: async (_worker, work) => [unable(work)] };
}

/** The end of work that was asked for with another build. */
function unable(work: OpenWork): NewEvent {
  const message = `This build was made without the extension for "${work.kind}".`;
  return failed(work, { code: 'no_extension', message });
}

function failed({ kind }: OpenWork, { code, message: reason }: Failure): NewEvent {
  const flow = `A command was accepted, but not all of it could be done. ${reason}`;
  return { type: 'finish_ended', kind, code, reason, flow };
}

/** Moves the folder last: as long as it is in its old place, the worktree may still have to be removed. */
async function performArchive(worker: Worker, work: FinishingOf<'archive' | 'discard'>): Promise<NewEvent[]> {
  const { home, away } = foldersOf(worker);
  if (statsAt(home.sessionDir) !== undefined) {
    if (statsAt(away.sessionDir) !== undefined) throw COMMAND_ERRORS.folder_taken();
    makeFolder(archiveRoot(home.sessionsDir));
    if (work.kind === 'discard') await removeDiscarded(worker, work.trash);
    else await removeOwnWorktree(worker);
    await rename(home.sessionDir, away.sessionDir);
  }
  worker.projector.relocate(away);
  await dropAllCheckpoints(worker);
  await worker.services?.release();
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

async function performUnarchive(worker: Worker, { by }: FinishingOf<'unarchive'>): Promise<NewEvent[]> {
  const { home, away } = foldersOf(worker);
  if (statsAt(away.sessionDir) !== undefined) {
    if (statsAt(home.sessionDir) !== undefined) throw COMMAND_ERRORS.folder_taken();
    await rename(away.sessionDir, home.sessionDir);
  }
  worker.projector.relocate(home);
  return [{ type: 'unarchived', by, flow: 'Restored from the archive' }];
}

/** Removes worktree and branch, if both are still as the ref keeps them; completes the removal after a crash. */
async function removeDiscarded(worker: Worker, trash: Trash): Promise<void> {
  const place = checkpointPlace(worker);
  if (place === undefined) return;
  const { mainRepo, worktreePath } = place;
  const { branch, tip } = trash;
  const context = worker.git.context;
  const facts = { mainRepo, worktreePath, ...context };
  const removed = await removeWorktree(facts, () => isAllInTrash(place, { ...trash, head: trash.head }));
  if (removed.kind === 'foreign' || removed.kind === 'would_lose')
    throw COMMAND_ERRORS.changed_meanwhile({ path: worktreePath });
  crashPoint('discard-worktree-gone');
  await dropBranch({ mainRepo, branch, ...context }, tip);
  crashPoint('discard-branch-gone');
}

/** The session has neither branch nor worktree: only its folder is archived. */
async function discardUnbegun(worker: Worker, { by }: OpenWorkOf<'discard_unbegun'>): Promise<NewEvent[]> {
  const work = { kind: 'archive', by, to: archiveFolder(worker) } as const;
  return [
    { type: 'stopped', by, why: 'discarded before it began' },
    { type: 'finish_asked', work },
  ];
}

export async function performDocuments(
  { paths }: Worker,
  { by, moved, kept, to }: FinishingOf<'documents'>,
): Promise<NewEvent[]> {
  const folder = join(paths.archive, basename(to));
  makeFolder(folder);
  for (const name of moved.filter((each) => parseDocumentName(each) !== undefined))
    await ifExists(rename(join(paths.sessionDir, name), join(folder, name)));
  await archivePictures(paths, folder);
  const reset = { lastAction: `Documents archived to ${to}`, next: 'New work' };
  await changeFile(paths.overview, (text) => changeOverview(text ?? '', reset));
  const left = kept.length > 0 ? `; kept: ${kept.join(', ')}` : '';
  const flow = `${counted(moved.length, 'document')} archived -> ${to}${left}`;
  return [{ type: 'archived', by, what: 'documents', moved, to, flow }];
}

/** Moves the pictures that documents link to; copies them while documents that are not moved may link to them too. */
async function archivePictures({ sessionDir, screens }: SessionPaths, folder: string): Promise<void> {
  const isShared = namesAt(sessionDir)?.some((name) => parseDocumentName(name) !== undefined);
  const to = join(folder, SCREENS);
  // Links and pipes made by an agent are skipped.
  const filter = (from: string) => statsAt(from)?.isFile() || statsAt(from)?.isDirectory() || false;
  await ifExists(isShared ? cp(screens, to, { recursive: true, filter }) : rename(screens, to));
}
