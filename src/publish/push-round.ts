import { join } from 'node:path';
import { plainText } from '../base/files/plain-file.ts';
import type { Forge } from '../forge/forge.ts';
import type { PullRequestFact, Round } from '../session/events/bodies/positions.ts';
import { roundDocuments } from '../session/events/rounds.ts';
import type { SessionView } from '../session/events/session-view.ts';
import type { ActionContext } from '../acts/common/context.ts';
import { inertQuote } from './inert-markdown.ts';
import { readFinishFacts } from '../acts/finish/judge-finish.ts';
import { publish } from './publish.ts';
import { repliesIn } from '../acts/after/round-text.ts';

const MAX_BYTES = 256 * 1024;

/**
 * Pushes the work of a round, updates the title and text of the pull request, and replies once in each thread of the
 * round. Resolves no threads. Safe to repeat after a crash: nothing is pushed or posted twice.
 * @returns the address of the pull request, or why a person must push
 * @throws FORGE_ERRORS, GitError
 */
export async function pushRound(
  view: SessionView,
  { round, tip }: { round: Round; tip: string },
  { forge, context, signal }: { forge: Forge; context: ActionContext; signal?: AbortSignal },
): Promise<{ url: string } | { asks: string }> {
  const reading = await readFinishFacts(view, 'pull_request', context);
  const git = { ...reading.git, ...(signal && { signal }) };
  const judged = { view, ...reading, git, moved: [] };
  const { summary, url, commands } = await publish(judged, false, context, { isUnattended: true });
  if (url === undefined) return { asks: [summary, ...commands].join(' ') };
  const { repository, number } = view.state.pullRequest as PullRequestFact;
  const path = join(view.paths.sessionDir, roundDocuments(round.number).answers);
  const replies = repliesIn((await plainText(path, MAX_BYTES)) ?? '');
  const marker = `${view.sessionFile?.id} ${round.number}`;
  for (const { name, id } of round.threads) {
    const body = replyText(replies.get(name), { number: round.number, tip });
    await forge.comment({ repository, number, thread: id, body, marker });
  }
  return { url };
}

function replyText(reply: string | undefined, { number, tip }: { number: number; tip: string }): string {
  const head = `samocode pushed the work of round ${number}: ${tip}.`;
  if (reply === undefined) return `${head} Its agents left no reply to this thread.`;
  return `${head} An agent's reply:\n\n${inertQuote(reply)}`;
}
