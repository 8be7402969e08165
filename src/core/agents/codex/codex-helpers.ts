import * as z from 'zod';
import type { TokenCounts } from '../contract/events.ts';
import { objectIn } from '../reading/activity.ts';
import { linesOfLogs } from '../reading/cli-log.ts';
import { addTokens, apartFromCache } from '../reading/tally.ts';

const count = z.number().catch(0);

const UsageLine = z.object({
  type: z.literal('token_usage_record'),
  payload: z.object({
    thread_id: z.string(),
    session_id: z.string(),
    usage: z.object({ input_tokens: count, cached_input_tokens: count, output_tokens: count }),
  }),
});

/**
 * What the reviewer and other helpers of a thread have used. Each has a thread of its own, whose log begins later and
 * names the session; no turn of the first thread contains it. Undefined if it had none.
 * @param sessions the folder of all logs
 */
export async function tokensOfHelpers(sessions: string, thread: string): Promise<TokenCounts | undefined> {
  const own = `${thread}.jsonl`;
  const isOfSession = {
    test: (line: string) => line.includes('token_usage_record') && line.includes(thread),
  };
  // Names begin with the time.
  const later = (paths: readonly string[]) => {
    const first = paths.find((path) => path.endsWith(own));
    return first === undefined ? [] : paths.filter((path) => path > first);
  };
  let sum: TokenCounts | undefined;
  for (const line of await linesOfLogs(sessions, later, isOfSession)) {
    const { data } = UsageLine.safeParse(objectIn(line));
    if (data?.payload.session_id !== thread || data.payload.thread_id === thread) continue;
    const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = data.payload.usage;
    const tokens = apartFromCache({ input, output, cached });
    sum = sum ? addTokens(sum, tokens) : tokens;
  }
  return sum;
}
