import { join } from 'node:path';
import { plainText } from '../../base/files/plain-file.ts';
import type { Forge } from '../../forge/forge.ts';
import type { PullRequestFact, Round } from '../../session/events/bodies/positions.ts';
import { roundDocuments } from '../../session/events/rounds.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../common/context.ts';
import { inertQuote } from '../finish/inert-markdown.ts';
import { readFinishFacts } from '../finish/judge-finish.ts';
import { publish } from '../finish/publish.ts';
import { answersIn } from './round-text.ts';

const MAX_BYTES = 256 * 1024;

/**
 * Pushes the work of a round, brings the words of the pull request up to date, and answers once in each of its threads,
 * resolving none. Repeated after a crash it pushes nothing twice and finds its own answers.
 * @returns the address of the pull request, or why a person has to push
 * @throws the errors of a forge, GitError
 */
export async function pushRound(
  view: SessionView,
  { round, tip }: { round: Round; tip: string },
  { forge, context, signal }: { forge: Forge; context: ActionContext; signal?: AbortSignal },
): Promise<{ url: string } | { asks: string }> {
  const reading = await readFinishFacts(view, 'pull_request', context);
  const git = { ...reading.git, ...(signal && { signal }) };
  const look = { view, ...reading, git, moved: [] };
  const { said, url, commands } = await publish(look, false, context, { isUnattended: true });
  if (url === undefined) return { asks: [said, ...commands].join(' ') };
  const { repository, number } = view.state.pullRequest as PullRequestFact;
  const path = join(view.paths.sessionDir, roundDocuments(round.number).answers);
  const answers = answersIn((await plainText(path, MAX_BYTES)) ?? '');
  const marker = `${view.sessionFile?.id} ${round.number}`;
  for (const { name, id } of round.threads) {
    const body = answerText(answers.get(name), { number: round.number, tip });
    await forge.comment({ repository, number, thread: id, body, marker });
  }
  return { url };
}

function answerText(said: string | undefined, { number, tip }: { number: number; tip: string }): string {
  const head = `Round ${number} of samocode, pushed with ${tip}.`;
  if (said === undefined) return `${head} Its agents left no word about this thread.`;
  return `${head} An agent writes:\n\n${inertQuote(said)}`;
}
