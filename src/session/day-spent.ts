import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { appendLines } from '../base/files/append-lines.ts';
import { readPlainFile } from '../base/files/plain-file.ts';
import { parseJson } from '../base/parse-json.ts';

const Spent = z.object({ session: z.string(), iteration: z.int(), usd: z.number() });
type Spent = z.infer<typeof Spent>;

const MAX_BYTES = 64 * 1024 * 1024;

/** Notes the cost of an iteration under the day of `nowMs`; noted twice, it counts once. @param dir of all days */
export async function noteSpent(dir: string, nowMs: number, spent: Spent): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  appendLines(dayPath(dir, nowMs), `${JSON.stringify(Spent.parse(spent))}\n`);
}

/** US dollars that all sessions of the machine have cost on the day of `nowMs`. */
export async function spentOnDay(dir: string, nowMs: number): Promise<number> {
  const reading = await readPlainFile(dayPath(dir, nowMs), MAX_BYTES);
  if (reading.kind !== 'bytes') return 0;
  const costs = new Map<string, number>();
  for (const line of reading.bytes.toString('utf8').split('\n')) {
    const spent = Spent.safeParse(parseJson(line)).data;
    if (spent !== undefined) costs.set(`${spent.session} ${spent.iteration}`, spent.usd);
  }
  return [...costs.values()].reduce((sum, usd) => sum + Math.max(0, usd), 0);
}

function dayPath(dir: string, nowMs: number): string {
  const day = new Date(nowMs);
  const parts = [day.getFullYear(), day.getMonth() + 1, day.getDate()];
  return join(dir, `${parts.map((part) => String(part).padStart(2, '0')).join('-')}.jsonl`);
}
