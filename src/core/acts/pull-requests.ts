import type { ActionContext } from '../caller/context/context.ts';
import type { SessionQuestion } from '../caller/context/find-session.ts';
import { ACTION_ERRORS } from '../caller/errors/action-errors.ts';
import type { Preview } from '../caller/facts/preview.ts';
import { newRegistry } from '../kernel/registry.ts';
import type { SessionView } from '../session/events/session-view.ts';
import type { FinishSessionInput, FinishVerdict } from './finish/judge-finish.ts';
import type { OpenedPullRequest, PullRequestQuestion } from './proof/verify-pull-request.act.ts';

/** What an extension does with pull requests for the acts of core. */
export interface PullRequestActs {
  /** What publishing the session's branch would do. Changes nothing. */
  preview(input: FinishSessionInput, judged: FinishVerdict, context: ActionContext): Promise<Preview>;
  /**
   * A sentence for the person if the supervisor will not be able to push the branch by itself; otherwise empty.
   * @param from the repository that has the branch, as `host/owner/name`
   */
  whyNotUnattended(judged: FinishVerdict, from: string, context: ActionContext): Promise<string>;
  /** Fetches a pull request, whose proof is then repeated. */
  open(question: PullRequestQuestion, context: ActionContext): Promise<OpenedPullRequest>;
  /** Reads the pull request of a session now, and begins a round of work or publishes the work of one. */
  round(
    question: SessionQuestion,
    context: ActionContext,
  ): Promise<{ view: SessionView; outcome: 'begun' | 'recorded' | 'nothing'; summary: string }>;
}

export const pullRequestActs = newRegistry<PullRequestActs>('acts on pull requests');

/** @throws no_pull_requests in a build without such an extension */
export function requirePullRequestActs(): PullRequestActs {
  const [acts] = pullRequestActs.items;
  if (acts === undefined) throw ACTION_ERRORS.no_pull_requests();
  return acts;
}
