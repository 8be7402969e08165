import { counted, listed } from '../../../core/kernel/text.ts';
import type { Round } from '../../../core/session/events/bodies/positions.ts';
import { newestRound, openRound } from '../../../core/session/events/rounds.ts';
import type { GhContext } from '../forge/gh.ts';
import { GitHub } from '../forge/github.ts';
import { attachPictures } from './attach-pictures.ts';
import { causeIfPossible, type Effects, type Publishable, type PublishResult } from './publication.ts';
import { canPublish, openOrUpdate, planPublication, pushPlanned } from './publish.ts';
import { fetchPublished, type PublishedBranch, whyAsk } from './published-branch.ts';
import { answerThread, threadReplies } from './round-replies.ts';

export interface RoundEnd extends PublishResult {
  /** A question that a person must settle first. */
  asks?: string;
  /** Commits of others, which the round takes over and tests first. */
  joins?: PublishedBranch;
}

/**
 * Pushes the work of a finished round, updates the text of the pull request, attaches pictures that are new, and replies once
 * in each thread. The round is over once it is pushed; each reply has its own outcome.
 */
export async function publishRound(publication: Publishable, effects: Effects): Promise<RoundEnd> {
  const { state } = publication.view;
  const { pullRequest } = state;
  const round = newestRound(state);
  if (round === undefined || pullRequest === undefined)
    return { outcome: 'failed', summary: 'There is nothing to publish.' };
  const { url } = pullRequest;
  if (openRound(state) !== undefined && effects.ended('push') === undefined) {
    const left = await pushRound(publication, { round, url }, effects);
    if (left !== undefined) return left;
  }
  const isPushed = effects.ended('push') !== undefined;
  if (isPushed) await updateText(publication, effects);
  const attached = isPushed ? await attachPictures(publication, url, effects) : '';
  const tip = effects.ended('push')?.commit ?? pullRequest.pushed ?? '';
  const unanswered = await answerAll(publication, { round, tip }, effects);
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
  effects: Effects,
): Promise<RoundEnd | undefined> {
  const published = await effects.during((context) => publishedNow(publication, context));
  if (typeof published === 'string') return { outcome: 'failed', summary: published };
  const { tip, relation } = published;
  const asks = effects.isByPerson ? undefined : await whyAsk(publication, published);
  if (asks !== undefined) return asking(asks);
  if (relation === 'joinable' || relation === 'rewound')
    return { outcome: 'joined', summary: JOINED, joins: published };
  const change = ({ commit = '' }) => ({ url, round: round.number, pushed: commit, asks: null });
  const pushed = await pushPlanned(publication, { tip, withRemote: false, change }, effects);
  if (!('left' in pushed)) return undefined;
  const { summary, bodyPath, commands } = pushed.left;
  return { ...asking([summary, ...commands].join(' ')), bodyPath, commands };
}

/** Also after a crash that followed the push. If it fails, the text is updated with the next round. */
async function updateText(publication: Publishable, effects: Effects): Promise<void> {
  await causeIfPossible(effects, [
    'pull_request',
    async (forge, context) => {
      const plan = await planPublication(publication, false, context);
      return canPublish(plan) ? { url: (await openOrUpdate(forge, plan)).url } : undefined;
    },
  ]);
}

const JOINED = 'Others have pushed to its branch: their commits are taken over and tested first.';

function asking(asks: string): RoundEnd {
  return { outcome: 'left', summary: asks, asks };
}

/** Reads the pull request from the forge and fetches its branches; returns a sentence if nothing can be pushed to it. */
async function publishedNow(
  { view, git }: Publishable,
  context: Required<GhContext>,
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
  effects: Effects,
): Promise<string[]> {
  const replies = await threadReplies(view, round, tip);
  const without: string[] = [];
  for (const { name, id } of round.threads) {
    const reply = { thread: id, round: round.number, body: replies.get(name) ?? '' };
    const effect = await effects.cause(name, (forge) => answerThread(forge, view, reply));
    if (effect?.outcome === 'refused') without.push(`${name} (${effect.why})`);
  }
  return without;
}
