import { join } from 'node:path';
import { crashPoint } from '../../kernel/fault-points.ts';
import { keptCheckpoints } from '../../project/checkpoints/checkpoint-refs.ts';
import { refuseElsewhere } from '../../project/checkpoints/move-branch.ts';
import { findBaseBranch } from '../../project/finishing/base-branch.ts';
import { fillTrash, restoringOf } from '../../project/finishing/trash.ts';
import { commitOf } from '../../project/git/repository.ts';
import { factsForFinish } from '../../project/worktrees/inspect-worktree.ts';
import { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import {
  type FinishFacts,
  joinNames,
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgeShown,
  judgeUnarchive,
} from '../../session/commands/judge-finish.ts';
import { judgeRewind } from '../../session/commands/judge-rewind.ts';
import { type Refused, refused } from '../../session/commands/refused.ts';
import type { Finishing, Trash } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { repairMissingWorktree } from '../guarding/restore-worktree.ts';
import { checkpointPlace } from '../record/keep-work.ts';
import type { CommandOutcome, Handler } from '../state/extension.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { archiveFolder, foldersOf, freeArchiveName } from './archive-places.ts';

export const archive: Handler<'archive'> = async (worker, { by, what, keep, tip }) => {
  const facts = await beforeFinish(worker, what === 'session');
  const verdict = judgeArchive({ what, keep }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const unseen = what === 'session' ? await refuseUnseen(worker, tip) : undefined;
  if (unseen) return unseen;
  if (what === 'session') return asked({ kind: 'archive', by, to: archiveFolder(worker) });
  const to = join('_archive', freeArchiveName(worker));
  return asked({ kind: 'documents', by, to, moved: verdict.moved, kept: keep });
};

export const unarchive: Handler<'unarchive'> = async (worker, { by }) => {
  const { home, away } = foldersOf(worker);
  const { trash, worktree } = stateOf(worker);
  const main = { mainRepo: worker.file.mainRepo, ...worker.git.context };
  const facts = {
    ...(await factsForFinish({ sessionDir: away.sessionDir, to: home.sessionDir })),
    restoring: trash && worktree && (await restoringOf(main, trash, worktree.path)),
  };
  const verdict = judgeUnarchive(stateOf(worker), facts);
  return verdict.kind === 'refused' ? verdict : asked({ kind: 'unarchive', by });
};

/** A ref keeps branch and worktree before they are removed. */
export const discard: Handler<'discard'> = async (worker, { by, tip }) => {
  const facts = await beforeFinish(worker, true);
  const verdict = judgeDiscard({ by, ...worker.file.settings }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const unseen = await refuseUnseen(worker, tip);
  if (unseen) return unseen;
  const to = archiveFolder(worker);
  const { worktree } = facts;
  if (stateOf(worker).worktree === undefined || worktree === undefined)
    return asked({ kind: 'archive', by, to });
  const filled = await moveToTrash(worker, worktree);
  if ('kind' in filled) return filled;
  const { events } = asked({ kind: 'discard', by, to, trash: filled.trash });
  return { events: [...filled.notices, ...events] };
};

/** Accepts work, which follows the event. */
export function asked(work: Finishing): CommandOutcome {
  return { events: [{ type: 'finish_asked', work }] };
}

/** Refuses what was shown to the person for another commit of the branch. */
export async function refuseUnseen(worker: Worker, shown: string | undefined): Promise<Refused | undefined> {
  const { worktree } = stateOf(worker);
  const main = { ...worker.git.context, cwd: worker.file.mainRepo };
  const tip = worktree && (await commitOf(`refs/heads/${worktree.branch}`, main));
  return judgeShown(shown, tip ?? '');
}

/** The facts for the judge of what moves a session. */
async function beforeFinish(worker: Worker, isInspected: boolean) {
  const { home, away } = foldersOf(worker);
  const { mainRepo } = worker.file;
  const worktreePath = isInspected ? stateOf(worker).worktree?.path : undefined;
  const worktree = worktreePath === undefined ? undefined : { mainRepo, worktreePath, ...worker.git.context };
  return await factsForFinish({ sessionDir: home.sessionDir, to: away.sessionDir, worktree });
}

/** Accepts a merge of the session's branch; the checks and the merge follow the event. */
export const merge: Handler<'merge'> = async (worker, { by, tip }) => {
  const { mainRepo, settings } = worker.file;
  const { worktree } = stateOf(worker);
  const facts =
    worktree === undefined
      ? { into: undefined, ahead: 0 }
      : await findBaseBranch({ mainRepo, ...worktree, ...worker.git.context });
  const verdict = judgeMerge({ by, ...settings }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  const unseen = await refuseUnseen(worker, tip);
  if (unseen) return unseen;
  return { events: [{ type: 'finish_asked', work: { kind: 'merge', by, into: verdict.into } }] };
};

/** Accepts a rewind; the files are restored after the event. */
export const rewind: Handler<'rewind'> = async (worker, { by, to, tip }) => {
  const { mainRepo } = worker.file;
  const verdict = judgeRewind({ to }, stateOf(worker), {
    events: await readEvents(worker.paths, 0),
    kept: await keptCheckpoints(refNameOf(worker.file), { ...worker.git.context, cwd: mainRepo }),
  });
  if (verdict.kind === 'refused') return verdict;
  const unseen = await refuseUnseen(worker, tip);
  if (unseen) return unseen;
  return { events: [{ type: 'rewind_asked', by, to, commit: verdict.commit, back: verdict.back }] };
};

/** Keeps branch and worktree under a ref, without changing them. */
async function moveToTrash(
  worker: Worker,
  { path: worktreePath, reading }: NonNullable<FinishFacts['worktree']>,
): Promise<{ trash: Trash; notices: NewEvent[] } | Refused> {
  const place = checkpointPlace(worker);
  if (place === undefined) throw new Error('A session without a worktree has nothing for the trash.');
  const { mainRepo } = worker.file;
  const { branch } = place;
  await refuseElsewhere({ mainRepo, worktreePath, branch, ...worker.git.context });
  const notices = await repairMissingWorktree(worker);
  const filled = await fillTrash({ ...place, mainRepo, worktreePath });
  if (filled.kind === 'not_all')
    return refused(COMMAND_ERRORS.not_for_trash({ path: worktreePath, names: joinNames(filled.skipped) }));
  crashPoint('discard-kept');
  const changed = reading.kind === 'present' ? reading.uncommitted : [];
  const uncommitted = changed.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from]));
  return { trash: { ...filled.kept, branch, uncommitted: uncommitted.slice(0, 100) }, notices };
}
