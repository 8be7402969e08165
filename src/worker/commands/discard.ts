import { join } from 'node:path';
import { factsForFinish } from '../../project/worktrees/inspect-worktree.ts';
import { judgeDiscard } from '../../session/commands/judge-finish.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Handler } from '../core/command-outcome.ts';
import { stateOf } from '../core/worker.ts';
import { intoTrash } from './archived-work.ts';
import { intoArchive } from './session-archive.ts';
import { atNewPlaces, foldersOf } from './session-places.ts';

/** Puts branch and worktree into the trash and the session into the archive; an unarchive restores all of it. */
export const discard: Handler<'discard'> = async (worker, { by, places }) => {
  const here = await atNewPlaces(worker, places);
  const { home, away } = foldersOf(worker);
  const { mainRepo, folder, settings } = here.file;
  const worktreePath = places?.worktreePath ?? stateOf(worker).worktree?.path;
  const facts = await factsForFinish({
    sessionDir: home.sessionDir,
    to: away.sessionDir,
    worktree: worktreePath === undefined ? undefined : { mainRepo, worktreePath, ...here.git.context },
  });
  const verdict = judgeDiscard({ by, gateChannels: settings.gateChannels }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const to = join('_archive', folder);
  const archived: NewEvent = { type: 'archived', by, what: 'session', moved: [], to, places };
  const left = stateOf(worker).worktree && worktreePath;
  if (left === undefined) return { events: [archived], ...intoArchive(here, by) };
  const filled = await intoTrash(here, {
    worktreePath: left,
    isMoved: places?.worktreePath !== undefined,
    facts,
  });
  if ('kind' in filled) return filled;
  const { told, trash } = filled;
  const flow = `Discarded; branch ${trash.branch} and worktree are kept as ${trash.ref} until ${trash.until.slice(0, 10)}`;
  return { events: [...told, { type: 'discarded', by, trash, flow }, archived], ...intoArchive(here, by) };
};
