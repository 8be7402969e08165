import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { counted, listed } from '../../../core/kernel/text.ts';
import type { Round } from '../../../core/session/events/bodies/positions.ts';
import { newestRound, openRound } from '../../../core/session/events/rounds.ts';
import { GitHub } from '../forge/github.ts';
import { attachPictures } from './attach-pictures.ts';
import { canPublish, openOrUpdate, planPublication, pushBranch } from './publish.ts';
import type { Publishable } from './publishable.ts';
import { fetchPublished, type PublishedBranch, whyAsk } from './published-branch.ts';
import { answerThread, threadReplies } from './round-replies.ts';
import type { End, Steps } from './steps.ts';

export interface RoundEnd extends End {
  /** A question that a person must settle first. */
  asks?: string;
  /** Commits of others, which the round takes over and tests first. */
  joins?: PublishedBranch;
}

/**
 * Pushes the work of a finished round, updates the text of the pull request, attaches pictures that are new, and replies once
 * in each thread. The round is over once it is pushed; each reply has its own outcome.
 */
export async function publishRound(publication: Publishable, steps: Steps): Promise<RoundEnd> {
  const { state } = publication.view;
  const { pullRequest } = state;
  const round = newestRound(state);
  if (round === undefined || pullRequest === undefined)
    return { outcome: 'failed', summary: 'There is nothing to publish.' };
  const { url } = pullRequest;
  if (openRound(state) !== undefined && steps.ended('push') === undefined) {
    const left = await pushRound(publication, { round, url }, steps);
    if (left !== undefined) return left;
  }
  const isPushed = steps.ended('push') !== undefined;
  if (isPushed) await updateText(publication, steps);
  const attached = isPushed ? await attachPictures(publication, url, steps) : '';
  const tip = steps.ended('push')?.commit ?? pullRequest.pushed ?? '';
  const unanswered = await answerAll(publication, { round, tip }, steps);
  const pushed = `Round ${round.number} is pushed: ${url}.${attached}`;
  const answered = counted(round.threads.length - unanswered.length, 'thread');
  const refused = unanswered.length === 0 ? '' : ` No reply in ${listed(unanswered, MAX_NAMED)}.`;
  const summary = round.threads.length === 0 ? pushed : `${pushed} Replied in ${answered}.${refused}`;
  return { outcome: 'published', summary, url };
}

const MAX_NAMED = 20;

/** @returns the end, if the work was not pushed */
async function pushRound(
  publication: Publishable,
  { round, url }: { round: Round; url: string },
  steps: Steps,
): Promise<RoundEnd | undefined> {
  const pushed = (commit = '') => ({ url, round: round.number, pushed: commit, asks: null });
  const published = await steps.during((signal) => publishedNow(publication, { env: steps.env, signal }));
  if (typeof published === 'string') return { outcome: 'failed', summary: published };
  const { tip, relation } = published;
  const asks = steps.isByPerson ? undefined : await whyAsk(publication, published);
  if (asks !== undefined) return asking(asks);
  if (relation === 'joinable' || relation === 'rewound')
    return { outcome: 'joined', summary: JOINED, joins: published };
  const { env } = steps;
  const plan = await steps.during((signal) => planPublication(publication, false, { env, signal }));
  const { bodyPath, commands, byHand = '' } = plan;
  if (!canPublish(plan)) return { ...asking([byHand, ...commands].join(' ')), bodyPath, commands };
  const { branch, from, remote } = plan.request;
  const to = { tip, branch, from, remote: undefined };
  const refused = await pushBranch(to, publication, steps, ({ commit }) => pushed(commit));
  if (refused === undefined) return undefined;
  const why = `git could not push ${branch} to ${remote}.${refused} Once that is settled, these commands publish it.`;
  return { ...asking([why, ...commands].join(' ')), bodyPath, commands };
}

/** Also after a crash that followed the push. If it fails, the text is updated with the next round. */
async function updateText(publication: Publishable, steps: Steps): Promise<void> {
  try {
    await steps.effect('pull_request', async (forge, signal) => {
      const plan = await planPublication(publication, false, { env: steps.env, signal });
      return canPublish(plan) ? { url: (await openOrUpdate(forge, plan)).url } : undefined;
    });
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
  }
}

const JOINED = 'Others have pushed to its branch: their commits are taken over and tested first.';

function asking(asks: string): RoundEnd {
  return { outcome: 'left', summary: asks, asks };
}

/** Reads the pull request from the forge and fetches its branches; returns a sentence if nothing can be pushed to it. */
async function publishedNow(
  { view, git }: Publishable,
  context: { env: Steps['env']; signal: AbortSignal },
): Promise<PublishedBranch | string> {
  const { repository = '', number = 0 } = view.state.pullRequest ?? {};
  const { pullRequests } = await new GitHub(context).pullRequests(repository, [number]);
  const pull = pullRequests.get(number);
  if (pull === undefined) return `GitHub returned no pull request #${number}.`;
  if (pull.state !== 'open') return `Pull request #${number} is ${pull.state}: nothing was pushed.`;
  const published = await fetchPublished(view, pull.baseBranch, { ...git, signal: context.signal });
  return published ?? 'The session has no branch.';
}

/** @returns the threads without a reply, with the reason */
async function answerAll(
  { view }: Publishable,
  { round, tip }: { round: Round; tip: string },
  steps: Steps,
): Promise<string[]> {
  const replies = await threadReplies(view, round, tip);
  const without: string[] = [];
  for (const { name, id } of round.threads) {
    const reply = { thread: id, round: round.number, body: replies.get(name) ?? '' };
    const effect = await steps.effect(name, (forge) => answerThread(forge, view, reply));
    if (effect?.outcome === 'refused') without.push(`${name} (${effect.why})`);
  }
  return without;
}
