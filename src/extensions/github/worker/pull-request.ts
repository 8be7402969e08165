import { capitalised } from '../../../core/kernel/text.ts';
import { COMMAND_ERRORS } from '../../../core/session/commands/command-errors.ts';
import { judgeWatch } from '../../../core/session/commands/judge-finish.ts';
import { refused } from '../../../core/session/commands/refused.ts';
import {
  describeChange,
  isSamePullRequest,
  opened,
} from '../../../core/session/events/pull-request-change.ts';
import type { Handler } from '../../../core/worker/state/extension.ts';
import { stateOf } from '../../../core/worker/state/worker.ts';

/** Records what has changed about the pull request, or a new pull request. */
export const pullRequest: Handler<'pull_request'> = async (worker, command) => {
  const state = stateOf(worker);
  const verdict = judgeWatch({ ...command, ...worker.file.settings }, state, command);
  if (verdict.kind === 'refused') return verdict;
  const { by, repository, number, change } = command;
  const isKnown = isSamePullRequest(state.pullRequest, command);
  if (!isKnown && opened(command, change) === undefined) return refused(COMMAND_ERRORS.no_pull_request());
  const isReported = [change.state, change.round, change.asks].some(Boolean);
  const flow = isReported ? capitalised(describeChange(command, change)) : undefined;
  return {
    events: [{ type: 'pull_request_changed', by, repository, number, change, ...(flow && { flow }) }],
  };
};
