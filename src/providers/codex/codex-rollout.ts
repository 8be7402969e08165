import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists } from '../../base/errors.ts';
import { readBoundedText } from '../../base/files/lines.ts';
import type { TokenCounts, TraceQuestion, Traces } from '../contract/provider.ts';
import { objectIn } from '../reading/activity.ts';
import { apartFromCache } from '../reading/tokens.ts';

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

/** Enough for the newest limits of a long session. */
const TAIL_BYTES = 1024 * 1024;
const HEAD_BYTES = 256 * 1024;

/**
 * What Codex notes in its own log of a thread (`$CODEX_HOME/sessions/YYYY/MM/DD/rollout-*-<thread>.jsonl`)
 * and not in its output: version, model, when a usage limit ends, and after every answer what it has spent.
 */
export async function readCodexTraces(question: TraceQuestion): Promise<Traces> {
  const path = await findRollout(question).catch(() => undefined);
  const lines = path ? await headAndTail(path).catch(() => []) : [];
  const traces: Traces = Object.assign({}, ...lines.map(readRolloutLine));
  const said = traces.limitedUntil ?? resetIn(question.final?.text ?? '', question.now);
  // An older window's end says nothing about the limit that was hit now.
  if (said !== undefined && said > question.now) return { ...traces, limitedUntil: said };
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

async function findRollout({ env, cliSession }: TraceQuestion): Promise<string | undefined> {
  const home = env.CODEX_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, '.codex'));
  if (home === undefined) return undefined;
  for await (const folder of daysNewestFirst(join(home, 'sessions'))) {
    const name = (await readdir(folder)).find((file) => file.endsWith(`${cliSession}.jsonl`));
    if (name) return join(folder, name);
  }
  return undefined;
}

async function* daysNewestFirst(sessions: string): AsyncGenerator<string> {
  for (const year of await newestFirst(sessions)) {
    for (const month of await newestFirst(join(sessions, year))) {
      for (const day of await newestFirst(join(sessions, year, month)))
        yield join(sessions, year, month, day);
    }
  }
}

async function newestFirst(folder: string): Promise<string[]> {
  return ((await ifExists(readdir(folder))) ?? [])
    .filter((name) => /^\d+$/.test(name))
    .sort()
    .reverse();
}

/** The lines at both ends of a log that may be long. */
async function headAndTail(path: string): Promise<string[]> {
  const head = readBoundedText(path, { maxBytes: HEAD_BYTES, keep: 'start' });
  if (head.kind !== 'text') return [];
  // With the LF before it, which says that its first line is whole.
  const maxBytes = Math.min(TAIL_BYTES, head.omittedBytes + 1);
  const tail = readBoundedText(path, { maxBytes, keep: 'end' });
  return `${head.text}${tail.kind === 'text' ? tail.text : ''}`.split('\n');
}
