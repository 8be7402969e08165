import { join } from 'node:path';
import * as z from 'zod';
import type { TokenCounts, TraceQuestion, Traces } from '../contract/provider.ts';
import { objectIn } from '../reading/activity.ts';
import { linesOfLog } from '../reading/cli-log.ts';
import { apartFromCache } from '../reading/tally.ts';

const Window = z.object({ used_percent: z.number(), resets_at: z.number() }).nullish().catch(undefined);
const text = z.string().optional().catch(undefined);

const Usage = z
  .object({
    input_tokens: z.number(),
    cached_input_tokens: z.number().catch(0),
    output_tokens: z.number().catch(0),
  })
  .optional()
  .catch(undefined);

const Line = z.object({
  payload: z.object({
    cli_version: text,
    model: text,
    // After every answer of the model; the other name is that of older versions.
    thread_token_usage: Usage,
    info: z.object({ total_token_usage: Usage }).nullish().catch(undefined),
    rate_limits: z.object({ primary: Window, secondary: Window }).nullish().catch(undefined),
  }),
});

const TELLING = /"(?:cli_version|model|rate_limits|thread_token_usage|total_token_usage)"/;

/**
 * What Codex notes in its own log of a thread (`$CODEX_HOME/sessions/YYYY/MM/DD/rollout-*-<thread>.jsonl`)
 * and not in its output: version, model, when a usage limit ends, and after every answer what it has spent.
 */
export async function readCodexTraces(question: TraceQuestion): Promise<Traces> {
  const { env, cliSession, final, now } = question;
  const home = env.CODEX_HOME ?? join(env.HOME ?? '/', '.codex');
  const lines = await linesOfLog(join(home, 'sessions'), `${cliSession}.jsonl`, TELLING);
  const traces: Traces = Object.assign({}, ...lines.map(readRolloutLine));
  const said = traces.limitedUntil ?? resetIn(final?.text ?? '', now);
  // An older window's end says nothing about the limit that was hit now.
  if (said !== undefined && said > now) return { ...traces, limitedUntil: said };
  const { limitedUntil: _, ...rest } = traces;
  return rest;
}

/** What one line of it tells; later lines know better. Never throws. */
function readRolloutLine(raw: string): Traces {
  const line = Line.safeParse(objectIn(raw));
  if (!line.success) return {};
  const { cli_version: version, model, rate_limits: limits, info, thread_token_usage } = line.data.payload;
  const until = limits && limitEnd([limits.primary, limits.secondary]);
  const usage = thread_token_usage ?? info?.total_token_usage;
  return {
    ...(version && { version }),
    ...(model && { model }),
    ...(until && { limitedUntil: until }),
    ...(usage && { tokens: codexTokens(usage) }),
  };
}

/** What its output and its own log call the counts. */
export interface CodexUsage {
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
}

export function codexTokens(usage: CodexUsage): TokenCounts {
  const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = usage;
  return apartFromCache({ input, output, cached });
}

/** The latest end among windows that are used up. */
function limitEnd(windows: ReadonlyArray<z.infer<typeof Window>>): number | undefined {
  const ends = windows.flatMap((window) =>
    window && window.used_percent >= 100 ? [window.resets_at * 1000] : [],
  );
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

/**
 * The time in "… try again at 9:06 AM." or "… at Nov 23rd, 2026 9:08 AM.": local time without a zone, which
 * is the worker's own, for both run on one machine.
 */
export function resetIn(message: string, now: number): number | undefined {
  const [, date, time] =
    /try again at (?:(\w{3} \d{1,2}\w{2}, \d{4}) )?(\d{1,2}:\d{2} [AP]M)\./.exec(message) ?? [];
  if (time === undefined) return undefined;
  const day = date?.replace(/(\d)(?:st|nd|rd|th),/, '$1,') ?? new Date(now).toDateString();
  const at = Date.parse(`${day} ${time}`);
  if (Number.isNaN(at)) return undefined;
  // The minute itself is cut off, not rounded.
  const end = at + 60_000;
  // A bare time that has passed today means tomorrow.
  return date === undefined && end <= now ? end + 24 * 3_600_000 : end;
}
