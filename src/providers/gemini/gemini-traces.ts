import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../../base/errors.ts';
import { linesFrom } from '../../base/files/lines.ts';
import { openPlainHandle } from '../../base/files/plain-file.ts';
import type { TokenCounts, TraceQuestion, Traces } from '../contract/provider.ts';
import { objectIn } from '../reading/activity.ts';
import { addTokens, apartFromCache } from '../reading/tokens.ts';

const count = z.number().nonnegative().catch(0);

/** One answer of the model in the log of a chat. */
const Answer = z.object({
  id: z.string(),
  type: z.literal('gemini'),
  model: z.string().optional().catch(undefined),
  tokens: z.object({ input: count, output: count, cached: count, thoughts: count }),
});

type Question = Pick<TraceQuestion, 'cliSession' | 'env'>;

/** A longer line of the log is no answer. */
const MAX_LINE_BYTES = 1024 * 1024;

/** What the log of the chat has after every answer: all that is known of a process that was ended before its last word. */
export async function readGeminiTraces(question: Question): Promise<Traces> {
  const path = await findChat(question).catch(() => undefined);
  const opened = path === undefined ? undefined : openPlainHandle(path);
  if (opened?.kind !== 'opened') return {};
  // An answer is written again with the results of its tool calls.
  const answers = new Map<string, TokenCounts>();
  let model: string | undefined;
  try {
    for await (const { text = '' } of linesFrom(opened.handle, 0, { maxLineBytes: MAX_LINE_BYTES })) {
      const answer = Answer.safeParse(text.includes('"gemini"') ? objectIn(text) : undefined);
      if (!answer.success) continue;
      answers.set(answer.data.id, tokensOf(answer.data.tokens));
      model = answer.data.model ?? model;
    }
  } finally {
    opened.handle.close();
  }
  return { model, ...(answers.size > 0 && { tokens: [...answers.values()].reduce(addTokens) }) };
}

/** Thoughts are paid for as output. */
function tokensOf({ thoughts, ...told }: z.infer<typeof Answer>['tokens']): TokenCounts {
  return apartFromCache({ ...told, output: told.output + thoughts });
}

/** `~/.gemini/tmp/<project>/chats/session-<time>-<start of the session's id>.jsonl`; undefined while there is none. */
async function findChat({ cliSession, env }: Question): Promise<string | undefined> {
  const home = env.GEMINI_CLI_HOME ?? env.HOME;
  if (home === undefined) return undefined;
  const projects = join(home, '.gemini', 'tmp');
  const end = `-${cliSession.slice(0, 8)}.jsonl`;
  for (const project of (await ifExists(readdir(projects))) ?? []) {
    const folder = join(projects, project, 'chats');
    const names = await readdir(folder).catch((): string[] => []);
    const name = names.find((file) => file.endsWith(end));
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}
