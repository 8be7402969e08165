import { findBaseBranch } from '../../project/finishing/base-branch.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { judgeMerge } from '../../session/commands/judge-merge.ts';
import type { Refused } from '../../session/commands/refused.ts';
import type { CommandOutcome } from '../core/command-outcome.ts';
import { stateOf, type Worker } from '../core/worker.ts';

/** Merges the session's branch; checks and the merge follow the event. */
export async function merge(worker: Worker, { by }: CommandOf<'merge'>): Promise<CommandOutcome | Refused> {
  const { mainRepo, settings } = worker.file;
  const { worktree } = stateOf(worker);
  const facts =
    worktree === undefined
      ? { into: undefined, ahead: 0 }
      : await findBaseBranch({ mainRepo, ...worktree, ...worker.git.context });
  const verdict = judgeMerge({ by, gateChannels: settings.gateChannels }, stateOf(worker), facts);
  if (verdict.kind === 'refused') return verdict;
  return { events: [{ type: 'merge_asked', by, into: verdict.into }] };
}
