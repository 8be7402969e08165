import { join } from 'node:path';
import { plainText } from '../../../core/kernel/files/plain-file.ts';
import type { Round } from '../../../core/session/events/bodies/positions.ts';
import { roundDocuments } from '../../../core/session/events/rounds.ts';
import type { GitHub } from '../forge/github.ts';
import { inertQuote } from './inert-markdown.ts';
import type { Publishable } from './publication.ts';

const MAX_BYTES = 256 * 1024;
const MAX_REPLY_CHARS = 4000;

/** The replies to the threads of a round, by the name of the thread. */
export async function threadReplies(
  { paths }: Publishable['view'],
  { number, threads }: Round,
  tip: string,
): Promise<Map<string, string>> {
  const path = join(paths.sessionDir, roundDocuments(number).answers);
  const replies = repliesIn((await plainText(path, MAX_BYTES)) ?? '');
  const head = `samocode pushed the work of round ${number}: ${tip}.`;
  return new Map(
    threads.map(({ name }) => {
      const reply = replies.get(name);
      const rest =
        reply === undefined
          ? ' Its agents left no reply to this thread.'
          : ` An agent's reply:\n\n${inertQuote(reply)}`;
      return [name, `${head}${rest}`];
    }),
  );
}

/** Replies once in a thread; does not resolve it. */
export async function answerThread(
  forge: GitHub,
  { sessionFile, state }: Publishable['view'],
  { thread, round, body }: { thread: string; round: number; body: string },
): Promise<{ url: string }> {
  const { repository = '', number = 0 } = state.pullRequest ?? {};
  return await forge.comment({ repository, number, thread, body, marker: `${sessionFile?.id} ${round}` });
}

/** The agents' replies by thread name: the text from `## T1` to the next such heading. */
export function repliesIn(text: string): Map<string, string> {
  const parts = text.split(/^## +(T\d+)\b.*$/m).slice(1);
  const replies = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const reply = parts[at + 1]?.trim().slice(0, MAX_REPLY_CHARS);
    if (reply) replies.set(parts[at] ?? '', reply);
  }
  return replies;
}
