import { keptCheckpoints } from '../../project/checkpoints/checkpoint-refs.ts';
import { findBaseBranch } from '../../project/finishing/base-branch.ts';
import { judgeMerge } from '../../session/commands/judge-finish.ts';
import { judgeRewind } from '../../session/commands/judge-rewind.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { Handler } from '../core/command-outcome.ts';
import { stateOf } from '../core/worker.ts';

/** Merges the session's branch; checks and the merge follow the event. */
export const merge: Handler<'merge'> = async (worker, { by }) => {
  const { mainRepo, settings } = worker.file;
  const { worktree } = stateOf(worker);
  const facts =
    worktree === undefined
      ? { into: undefined, ahead: 0 }
      : await findBaseBranch({ mainRepo, ...worktree, ...worker.git.context });
  const verdict = judgeMerge({ by, gateChannels: settings.gateChannels }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  return { events: [{ type: 'merge_asked', by, into: verdict.into }] };
};

/** Takes a session back; the files follow the event. */
export const rewind: Handler<'rewind'> = async (worker, { by, to }) => {
  const { folder, mainRepo } = worker.file;
  const verdict = judgeRewind({ to }, stateOf(worker), {
    events: await readEvents(worker.paths, 0),
    kept: await keptCheckpoints(folder, { ...worker.git.context, cwd: mainRepo }),
  });
  if (verdict.kind === 'refused') return verdict;
  return { events: [{ type: 'rewind_asked', by, to, commit: verdict.commit, back: verdict.back }] };
};
