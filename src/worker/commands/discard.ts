import { join } from 'node:path';
import { isoUtc } from '../../base/clock.ts';
import { crashPoint } from '../../base/fault-points.ts';
import { refuseElsewhere } from '../../project/checkpoints/move-branch.ts';
import { fillTrash, TRASH_DAYS } from '../../project/finishing/trash.ts';
import { factsForFinish } from '../../project/worktrees/inspect-worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import { judgeDiscard, namedShort } from '../../session/commands/judge-finish.ts';
import { refused } from '../../session/commands/refused.ts';
import type { Trash } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { Handler } from '../core/command-outcome.ts';
import { stateOf } from '../core/worker.ts';
import { bringWorktreeBack } from '../guarding/worktree-stands.ts';
import { checkpointPlace } from '../recording/keep-work.ts';
import { intoArchive } from './session-archive.ts';
import { atNewPlaces, foldersOf } from './session-places.ts';

const DAY_MS = 24 * 60 * 60_000;

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
  const { worktree } = stateOf(worker);
  const place = checkpointPlace(worker);
  if (worktree === undefined || place === undefined || worktreePath === undefined)
    return { events: [archived], ...intoArchive(here, by) };
  const { branch } = worktree;
  await refuseElsewhere({ mainRepo, worktreePath, branch, ...here.git.context });
  // One that was moved is known to git again, at its new place.
  const told = places?.worktreePath === undefined ? await bringWorktreeBack(here) : [];
  const filled = await fillTrash({ ...place, mainRepo, worktreePath });
  if (filled.kind === 'not_all')
    return refused(COMMAND_ERRORS.not_for_trash({ path: worktreePath, names: namedShort(filled.skipped) }));
  crashPoint('discard-kept');
  const { kept } = filled;
  const { reading } = facts.worktree ?? {};
  const uncommitted = reading?.kind === 'present' ? reading.uncommitted.map(({ path }) => path) : [];
  const until = isoUtc(worker.clock.now() + TRASH_DAYS * DAY_MS);
  const trash: Trash = { ...kept, branch, uncommitted: uncommitted.slice(0, 100), until };
  const flow = `Discarded; branch ${branch} and worktree are kept as ${kept.ref} until ${until.slice(0, 10)}`;
  return { events: [...told, { type: 'discarded', by, trash, flow }, archived], ...intoArchive(here, by) };
};
