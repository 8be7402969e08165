import { constants } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { systemErrorCode } from '../../kernel/errors.ts';
import { appendLines } from '../../kernel/files/append-lines.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { mayAccess } from '../../kernel/files/path-stats.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { whyUnwritable } from '../../kernel/files/why-unwritable.ts';
import { parseJson } from '../../kernel/parse-json.ts';

const Spent = z.object({ session: z.string(), iteration: z.int(), usd: z.number() });
type Spent = z.infer<typeof Spent>;

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Records the cost of an iteration for the day of `nowMs`; recorded twice, it counts once.
 * @param dir the folder with a file for each day
 */
export async function recordSpent(dir: string, nowMs: number, spent: Spent): Promise<void> {
  makeFolder(dir, 0o700);
  appendLines(dayPath(dir, nowMs), `${JSON.stringify(Spent.parse(spent))}\n`);
}

/** `usd` in US dollars; `unknown`: why the amount is not known. */
export type DaySpent = { usd: number } | { unknown: string };

/** The cost of all sessions on this machine on the day of `nowMs`: known only if its file can be read and written. */
export async function spentOnDay(dir: string, nowMs: number): Promise<DaySpent> {
  const path = dayPath(dir, nowMs);
  const unwritable = await whyUnwritable(dir);
  if (unwritable !== undefined) return { unknown: unwritable };
  const reading = await readPlainFile(path, MAX_BYTES).catch((error: unknown) => ({
    kind: 'unusable' as const,
    problem: systemErrorCode(error) ?? 'unknown reason',
  }));
  if (reading.kind === 'missing') return { usd: 0 };
  if (reading.kind === 'unusable') return { unknown: `${path} cannot be read (${reading.problem})` };
  if (!mayAccess(path, constants.W_OK)) return { unknown: `${path} cannot be written` };
  const costs = new Map<string, number>();
  for (const line of reading.bytes.toString('utf8').split('\n')) {
    const spent = Spent.safeParse(parseJson(line)).data;
    if (spent !== undefined) costs.set(`${spent.session} ${spent.iteration}`, spent.usd);
  }
  return { usd: [...costs.values()].reduce((sum, usd) => sum + Math.max(0, usd), 0) };
}

/** The fields for JSON output, rounded to cents. */
export function spentFacts(spent: DaySpent): { spentTodayUsd?: number; spentTodayUnknown?: string } {
  if ('unknown' in spent) return { spentTodayUnknown: spent.unknown };
  return { spentTodayUsd: Math.round(spent.usd * 100) / 100 };
}

function dayPath(dir: string, nowMs: number): string {
  return join(dir, `${stampsAt(nowMs).minute.slice(0, 'YYYY-MM-DD'.length)}.jsonl`);
}
