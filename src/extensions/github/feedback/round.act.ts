import { sendAndAwait } from '../../../core/caller/commands/await-command.ts';
import { requireSendable } from '../../../core/caller/commands/early-refusal.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../../core/caller/context/find-session.ts';
import type { RoundResult } from '../../../core/caller/context/pull-request-rounds.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import { ACTION_ERRORS } from '../../../core/caller/errors/action-errors.ts';
import { capitalised } from '../../../core/kernel/text.ts';
import { COMMAND_ERRORS } from '../../../core/session/commands/command-errors.ts';
import { describeChange } from '../../../core/session/events/pull-request-change.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { GitHub } from '../forge/github.ts';
import type { PullRequestSummary } from '../forge/pull-request-answers.ts';
import { judgePoll } from './judge-poll.ts';
import { seenNow } from './pull-requests.ts';
import { changeRequest, Rounds } from './rounds.ts';

/** A push and a reply in each thread take a while. */
const WORK_MS = 120_000;

const RECORDED = ['resumed', 'pull_request_changed'] as const;

/**
 * Reads the pull request of a session now and does what the supervisor would do: begin a round, or publish the work of
 * one. Works even if the pull request is not watched, and beyond PR_ROUNDS.
 */
export async function roundOfSession(
  question: SessionQuestion,
  context: ActionContext,
): Promise<RoundResult> {
  await refuseFromInside(context);
  const view = await findSession({ ...question, isAct: true }, context);
  requireSendable('round', view, context);
  const { pullRequest } = view.state;
  if (pullRequest === undefined) throw COMMAND_ERRORS.no_pull_request();
  const { repository, number } = pullRequest;
  const forge = new GitHub(context);
  const pull = (await forge.pullRequests(repository, [number])).pullRequests.get(number);
  if (pull === undefined)
    return { view, outcome: 'nothing', summary: `GitHub returned no pull request #${number}.` };
  const now = await recordedNow(view, pull, context);
  if (pull.state !== 'open') {
    const about = { state: pull.state, missing: now.state.pullRequest?.missing };
    const summary = `${capitalised(describeChange(pullRequest, about))}.`;
    return { view: now, outcome: 'recorded', summary };
  }
  const options = { forge, context, byHand: true };
  const { request, summary } = await new Rounds().advance(now, pull, options);
  const ends = request?.kind === 'publish' ? (['publish_ended'] as const) : RECORDED;
  const result = request && (await sendAndAwait(now, request, ends, context, { workMs: WORK_MS }));
  if (result === undefined) return { view: now, outcome: 'nothing', summary };
  const hasBegun = result.events.some(({ type }) => type === 'resumed');
  const published = result.events.find((event) => event.type === 'publish_ended');
  if (published && published.outcome !== 'published' && published.outcome !== 'joined')
    throw ACTION_ERRORS.round_not_published({ session: view.folder, reason: published.summary });
  const isAsked = request?.kind === 'round' && !hasBegun;
  return {
    view: result.view,
    outcome: hasBegun ? 'begun' : 'recorded',
    summary: published?.summary ?? ((isAsked && result.view.state.pullRequest?.asks) || summary),
  };
}

/** Records changes of the pull request itself. */
async function recordedNow(
  view: SessionView,
  pull: PullRequestSummary,
  context: ActionContext,
): Promise<SessionView> {
  const { pullRequest: fact } = view.state;
  if (fact === undefined) return view;
  const { change } = judgePoll(await seenNow(view, pull, { context }), { fact }, context.clock.now());
  const request = changeRequest(view, change);
  if (request === undefined) return view;
  // The id of the act is for the round.
  const own = { ...context, actId: undefined };
  return (await sendAndAwait(view, request, ['pull_request_changed'], own)).view;
}
