import { findBaseBranch } from '../../../core/project/finishing/base-branch.ts';
import { COMMAND_ERRORS } from '../../../core/session/commands/command-errors.ts';
import { judgePublish } from '../../../core/session/commands/judge-finish.ts';
import { refused } from '../../../core/session/commands/refused.ts';
import { asked, refuseUnseen } from '../../../core/worker/commands/finish.ts';
import type { Handler } from '../../../core/worker/state/extension.ts';
import { stateOf } from '../../../core/worker/state/worker.ts';

/** Accepts to publish; the effects follow the event, each with its own outcome. */
export const publish: Handler<'publish'> = async (worker, { by, what, withAnswers, watched, tip }) => {
  const { mainRepo, settings } = worker.file;
  const { worktree, work } = stateOf(worker);
  if (work?.kind === 'publish') {
    const isSame = work.what === what && work.withAnswers === withAnswers && work.watched === watched;
    return isSame ? { events: [] } : refused(COMMAND_ERRORS.busy({ with: 'publish' }));
  }
  const facts = worktree && (await findBaseBranch({ mainRepo, ...worktree, ...worker.git.context }));
  const verdict = judgePublish({ by, ...settings, what }, stateOf(worker), facts ?? { sinceBase: 0 });
  if (verdict.kind === 'refused') return verdict;
  // The supervisor publishes rounds, with the consent that the person gave at finish.
  const unseen = what === 'pull_request' ? await refuseUnseen(worker, tip) : undefined;
  return unseen ?? asked({ kind: 'publish', by, what, withAnswers, watched });
};
