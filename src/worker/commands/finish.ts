import { lstat, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { changeFile } from '../../base/change-file.ts';
import { ifExists } from '../../base/errors.ts';
import { stampsAt } from '../../base/stamps.ts';
import { repairWorktree } from '../../project/rejoin-worktree.ts';
import { removeWorktree } from '../../project/remove-worktree.ts';
import type { CommandOf } from '../../session/commands.ts';
import { parseDocumentName } from '../../session/documents.ts';
import { readEvents } from '../../session/event-log.ts';
import type { By, EventType } from '../../session/event-types.ts';
import { nameWithoutDate } from '../../session/names.ts';
import { readOverview } from '../../session/overview.ts';
import { changeOverview } from '../../session/overview-change.ts';
import { archiveRoot, sessionPaths } from '../../session/paths.ts';
import { atPlaces, type Places } from '../../session/places.ts';
import { type CommandOutcome, Refusal } from '../command-outcome.ts';
import { documentNames, readOwnOverview } from '../documents.ts';
import { dropAllCheckpoints } from '../keep-work.ts';
import { stateOf, type Worker } from '../worker.ts';

/** Puts a session away whole, or its documents, so that nothing is lost by it. */
export async function archive(
  worker: Worker,
  command: CommandOf<'archive'>,
): Promise<CommandOutcome | Refusal> {
  const { status, archived } = stateOf(worker);
  if (archived)
    return new Refusal('archived', 'The session is in the archive already.', 'unarchive brings it back.');
  if (status.kind !== 'done' && status.kind !== 'stopped' && status.kind !== 'blocked') {
    return new Refusal('not_at_rest', `The session is ${status.kind}.`, 'Stop it first with stop_session.');
  }
  return command.what === 'session'
    ? await archiveSession(await movedTo(worker, command.places), command)
    : await archiveDocuments(worker, command);
}

export async function unarchive(
  worker: Worker,
  { by }: CommandOf<'unarchive'>,
): Promise<CommandOutcome | Refusal> {
  if (!stateOf(worker).archived) {
    return new Refusal(
      'not_archived',
      'The session is not in the archive.',
      'There is nothing to bring back.',
    );
  }
  const { sessionsDir, folder } = worker.file;
  const home = sessionPaths(sessionsDir, folder).sessionDir;
  if ((await ifExists(lstat(home))) !== undefined) {
    return new Refusal(
      'folder_taken',
      `Another folder stands at ${home}.`,
      'Move that one away, then try again.',
    );
  }
  await moveSession(worker, false);
  return { events: [{ type: 'unarchived', by, flow: 'Taken out of the archive' }] };
}

/** The same worker where the project stands now; a worktree that was moved is made known to git again. */
async function movedTo(worker: Worker, places: Places | undefined): Promise<Worker> {
  if (places === undefined) return worker;
  const file = atPlaces(worker.file, worker.paths, places);
  const worktreePath = places.worktreePath ?? stateOf(worker).worktree?.path;
  if (worktreePath !== undefined)
    await repairWorktree({ mainRepo: file.mainRepo, worktreePath, ...worker.git.context });
  return { ...worker, file };
}

/** The work that follows an archiving; a folder that can't be moved leaves the session where it was. */
export function intoArchive(worker: Worker, by: By): Pick<CommandOutcome, 'after' | 'undone'> {
  const { sessionsDir, folder } = worker.file;
  const home = sessionPaths(sessionsDir, folder).sessionDir;
  return {
    after: () => moveSession(worker, true),
    undone: async () =>
      (await ifExists(lstat(home))) === undefined
        ? []
        : [{ type: 'unarchived', by, flow: 'Not in the archive: the folder could not be moved' }],
  };
}

/** Puts the session folder where the state says it is: a crash between the event and the move is made up for here. */
async function moveSession(worker: Worker, archived: boolean): Promise<void> {
  const { sessionsDir, folder } = worker.file;
  const from = sessionPaths(sessionsDir, folder, !archived).sessionDir;
  const to = sessionPaths(sessionsDir, folder, archived);
  if (archived) await mkdir(archiveRoot(sessionsDir), { recursive: true });
  if ((await ifExists(lstat(to.sessionDir))) === undefined) await ifExists(rename(from, to.sessionDir));
  worker.projector.relocate(to);
  if (archived) await dropAllCheckpoints(worker);
}

async function archiveSession(
  worker: Worker,
  { by, places }: CommandOf<'archive'>,
): Promise<CommandOutcome | Refusal> {
  const { sessionsDir, folder, mainRepo, settings } = worker.file;
  const to = join('_archive', folder);
  if ((await ifExists(lstat(join(sessionsDir, to)))) !== undefined) {
    return new Refusal('folder_taken', `${to} exists already.`, 'Move that one away, then try again.');
  }
  const lost = await removeSessionWorktree(worker, mainRepo, places?.worktreePath);
  if (lost !== undefined) return lost;
  return {
    events: [
      {
        type: 'archived',
        by,
        what: 'session',
        moved: [],
        to,
        places,
        flow: `Archived; branch ${settings.branch} is kept`,
      },
    ],
    ...intoArchive(worker, by),
  };
}

async function removeSessionWorktree(
  worker: Worker,
  mainRepo: string,
  movedTo: string | undefined,
): Promise<Refusal | undefined> {
  const known = stateOf(worker).worktree?.path;
  if (known === undefined) return undefined;
  const worktreePath = movedTo ?? known;
  const removed = await removeWorktree({
    mainRepo,
    worktreePath,
    ...worker.git.context,
  });
  switch (removed.kind) {
    case 'removed':
    case 'absent':
      return undefined;
    case 'foreign':
      return new Refusal(
        'worktree_foreign',
        removed.problem,
        'See what stands there, move it away, then try again.',
      );
    case 'would_lose': {
      const files = removed.uncommitted.map(({ path }) => path);
      const shown = files.slice(0, 20).join(', ');
      const more = files.length > 20 ? ` and ${files.length - 20} more` : '';
      const commits =
        removed.unreachedCommits > 0 ? ` ${removed.unreachedCommits} commits are on no branch.` : '';
      const isHidden = removed.uncommitted.some(({ kind }) => kind === 'hidden');
      const how = isHidden ? ` ${UNHIDE}` : '';
      const hint = `Commit or remove them in ${worktreePath}, then try again.${how}`;
      return new Refusal(
        'would_lose_work',
        `These changes are not committed: ${shown}${more}.${commits}`,
        hint,
      );
    }
    default:
      return removed satisfies never;
  }
}

const UNHIDE =
  'git was told to pass over some of them: "git update-index --no-assume-unchanged --no-skip-worktree <file>" ends that.';

async function archiveDocuments(
  worker: Worker,
  command: CommandOf<'archive'>,
): Promise<CommandOutcome | Refusal> {
  const { paths, clock, file } = worker;
  const documents = documentNames(worker).filter((name) => parseDocumentName(name) !== undefined);
  const unknown = command.keep.filter((name) => !documents.includes(name));
  if (unknown.length > 0) {
    const hint = `Documents here: ${documents.join(', ') || 'none'}.`;
    return new Refusal('unknown_document', `There is no document ${unknown.join(', ')}.`, hint);
  }
  const moved = documents.filter((name) => !command.keep.includes(name));
  if (moved.length === 0)
    return new Refusal('nothing_to_archive', 'No document would be put away.', 'Keep fewer of them.');
  const to = await freeFolder(
    paths.archive,
    `${stampsAt(clock.now()).folderDate}-${nameWithoutDate(file.folder)}`,
  );
  const kept = command.keep.length > 0 ? `; kept: ${command.keep.join(', ')}` : '';
  const place = join('_archive', to);
  const flow = `${moved.length} documents archived -> ${place}${kept}`;
  return {
    events: [{ type: 'archived', by: command.by, what: 'documents', moved, to: place, flow }],
    after: () => moveDocuments(worker, { moved, to: place }),
  };
}

/**
 * Moves documents that the worker before had recorded as archived when it died, unless the notebook says that all were:
 * what a person brings back later stays.
 */
export async function restOfArchiving(worker: Worker): Promise<CommandOutcome['after']> {
  const after = Math.max(0, stateOf(worker).n - LOOK_BACK);
  const newest = await readEvents(worker.paths.events, after);
  const last = newest.findLast(({ type }) => !OF_WORKERS.includes(type));
  if (last?.type !== 'archived' || last.what !== 'documents') return undefined;
  const { lastAction } = readOverview((await readOwnOverview(worker.paths)) ?? '');
  if (lastAction === archivedWords(last.to)) return undefined;
  return () => moveDocuments(worker, last);
}

const LOOK_BACK = 100;
const OF_WORKERS: readonly EventType[] = ['worker_took_over', 'worker_left', 'notice', 'forgery_seen'];

async function moveDocuments(
  { paths }: Worker,
  { moved, to }: { moved: readonly string[]; to: string },
): Promise<void> {
  const folder = join(paths.archive, basename(to));
  await mkdir(folder, { recursive: true });
  for (const name of moved.filter((name) => parseDocumentName(name) !== undefined))
    await ifExists(rename(join(paths.sessionDir, name), join(folder, name)));
  // Written last: what shows the next worker that nothing is left to move.
  const reset = { lastAction: archivedWords(to), next: 'New work' };
  await changeFile(paths.overview, (text) => changeOverview(text ?? '', reset));
}

/** With the folder, for each archiving has its own. */
function archivedWords(to: string): string {
  return `Documents archived to ${to}`;
}

async function freeFolder(parent: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const folder = number === 1 ? name : `${name}-${number}`;
    if ((await ifExists(lstat(join(parent, folder)))) === undefined) return folder;
  }
}
