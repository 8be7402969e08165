import { join } from 'node:path';
import * as z from 'zod';
import type { TokenCounts, TraceQuestion, Traces } from '../contract/provider.ts';
import { objectIn } from '../reading/activity.ts';
import { linesOfLog } from '../reading/cli-log.ts';
import { addTokens, apartFromCache } from '../reading/tally.ts';

const count = z.number().nonnegative().catch(0);

/** One answer of the model in the log of a chat. */
const Answer = z.object({
  id: z.string(),
  type: z.literal('gemini'),
  model: z.string().optional().catch(undefined),
  tokens: z.object({ input: count, output: count, cached: count, thoughts: count }),
});

/**
 * What the log of the chat (`~/.gemini/tmp/<project>/chats/session-<time>-<start of the session's id>.jsonl`) has after
 * every answer: all that is known of a process that was ended before its last word.
 */
export async function readGeminiTraces({
  cliSession,
  env,
}: Pick<TraceQuestion, 'cliSession' | 'env'>): Promise<Traces> {
  const home = env.GEMINI_CLI_HOME ?? env.HOME ?? '/';
  const lines = await linesOfLog(join(home, '.gemini/tmp'), `-${cliSession.slice(0, 8)}.jsonl`, /"gemini"/);
  const answers = lines.flatMap((line) => Answer.safeParse(objectIn(line)).data ?? []);
  // An answer is written again with the results of its tool calls.
  const spent = new Map(answers.map(({ id, tokens }) => [id, tokensOf(tokens)]));
  return {
    model: answers.findLast(({ model }) => model !== undefined)?.model,
    ...(spent.size > 0 && { tokens: [...spent.values()].reduce(addTokens) }),
  };
}

/** Thoughts are paid for as output. */
function tokensOf({ thoughts, ...told }: z.infer<typeof Answer>['tokens']): TokenCounts {
  return apartFromCache({ ...told, output: told.output + thoughts });
}
