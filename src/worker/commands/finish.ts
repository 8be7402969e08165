import { join } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import { readTrash } from '../../project/finishing/trash.ts';
import { factsForFinish } from '../../project/worktrees/inspect-worktree.ts';
import { judgeArchive, judgeUnarchive } from '../../session/commands/judge-finish.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import type { Handler } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { moveDocuments } from './document-archive.ts';
import { intoArchive, outOfArchive } from './session-archive.ts';
import { atNewPlaces, foldersOf } from './session-places.ts';

/** Archives a session whole, or its documents. */
export const archive: Handler<'archive'> = async (worker, { by, what, keep, places }) => {
  const here = await atNewPlaces(worker, places);
  const { home, away } = foldersOf(worker);
  const worktreePath = places?.worktreePath ?? stateOf(worker).worktree?.path;
  const isInspected = what === 'session' && worktreePath !== undefined;
  const facts = await factsForFinish({
    sessionDir: home.sessionDir,
    to: away.sessionDir,
    worktree: isInspected ? { mainRepo: here.file.mainRepo, worktreePath, ...here.git.context } : undefined,
  });
  const verdict = judgeArchive({ what, keep }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const { moved } = verdict;
  const to = join('_archive', what === 'session' ? home.folder : freeName(worker));
  const kept = keep.length > 0 ? `; kept: ${keep.join(', ')}` : '';
  const flow =
    what === 'session'
      ? `Archived; branch ${here.file.settings.branch} is kept`
      : `${moved.length} documents archived -> ${to}${kept}`;
  const event = { type: 'archived', by, what, moved, to, flow } as const;
  return what === 'session'
    ? { events: [{ ...event, places }], ...intoArchive(here, by) }
    : { events: [event], after: () => moveDocuments(worker, event) };
};

export const unarchive: Handler<'unarchive'> = async (worker, { by }) => {
  const { home, away } = foldersOf(worker);
  const { trash } = stateOf(worker);
  const facts = {
    ...(await factsForFinish({ sessionDir: away.sessionDir, to: home.sessionDir })),
    trashReading:
      trash && (await readTrash({ mainRepo: worker.file.mainRepo, ...worker.git.context }, trash)),
  };
  const verdict = judgeUnarchive(stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  return {
    events: [{ type: 'unarchived', by, trash, flow: 'Restored from the archive' }],
    ...outOfArchive(worker, by, trash),
  };
};

/** For documents, among the earlier archives of the session. */
function freeName({ paths, clock, file }: Worker): string {
  const name = `${stampsAt(clock.now()).folderDate}-${nameWithoutDate(file.folder)}`;
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (statsAt(join(paths.archive, free)) === undefined) return free;
  }
}
