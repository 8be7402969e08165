import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../base/errors.ts';
import { objectIn } from './activity.ts';
import { newGrownLines } from './grown-lines.ts';
import type { Meter, TokenCounts, TraceQuestion, Traces } from './provider.ts';

const count = z.number().nonnegative().catch(0);

/** One answer of the model in the log of a chat. */
const Answer = z.object({
  id: z.string(),
  type: z.literal('gemini'),
  model: z.string().optional().catch(undefined),
  tokens: z.object({ input: count, output: count, cached: count, thoughts: count }),
});

type Question = Pick<TraceQuestion, 'cliSession' | 'env'>;

/**
 * Gemini CLI says with its last word what it has spent; its own log of the chat has it after every answer.
 * Each look reads what the log has grown by.
 */
export function newGeminiMeter(question: Question): Meter {
  const readOn = newGrownLines(() => findChat(question));
  // An answer is written again with the results of its tool calls.
  const answers = new Map<string, TokenCounts>();
  let model: string | undefined;
  return async () => {
    await readOn((line) => {
      const answer = Answer.safeParse(line.includes('"gemini"') ? objectIn(line) : undefined);
      if (!answer.success) return;
      answers.set(answer.data.id, tokensOf(answer.data.tokens));
      model = answer.data.model ?? model;
    });
    return { ...(model && { model }), ...(answers.size > 0 && { tokens: sumOf([...answers.values()]) }) };
  };
}

/** What one that was ended before its last word had spent. */
export async function readGeminiTraces(question: Question): Promise<Traces> {
  return await newGeminiMeter(question)();
}

function tokensOf({ input, output, cached, thoughts }: z.infer<typeof Answer>['tokens']): TokenCounts {
  // Cached tokens are counted among the input, thoughts are paid for as output.
  return { input: Math.max(0, input - cached), output: output + thoughts, cached };
}

function sumOf(all: readonly TokenCounts[]): TokenCounts {
  const sum = { input: 0, output: 0, cached: 0 };
  for (const { input, output, cached } of all) {
    sum.input += input;
    sum.output += output;
    sum.cached += cached;
  }
  return sum;
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
