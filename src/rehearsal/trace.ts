import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Clock, isoUtc } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { isRunning, systemProcessTable } from '../base/process-table.ts';
import type { PromptFacts } from './prompt.ts';

/** A line of the trace file: what proves that two children of a session never ran at once. */
const TraceLine = z.object({
  what: z.enum(['start', 'end']),
  at: z.iso.datetime(),
  pid: z.int(),
  startTicks: z.string(),
  sessionDir: z.string(),
  phase: z.string(),
  iteration: z.int(),
  /** On start: children of the same session that were still running. */
  overlaps: z.array(z.int()).default([]),
});
type TraceLine = z.infer<typeof TraceLine>;

export interface Trace {
  /** Children of this phase so far, this one included. */
  count: number;
  end(): Promise<void>;
}

/** Notes the start of this child. Without a path nothing is noted, and children are counted by their logs. */
export async function openTrace(path: string | undefined, facts: PromptFacts, clock: Clock): Promise<Trace> {
  if (!path) return { count: await countByLogs(facts), end: async () => undefined };
  const earlier = (await readTrace(path)).filter((line) => line.sessionDir === facts.sessionDir);
  const self = await systemProcessTable().read(process.pid);
  const line = (what: TraceLine['what'], overlaps: number[]) =>
    appendFile(
      path,
      `${JSON.stringify({
        what,
        at: isoUtc(clock.now()),
        pid: process.pid,
        startTicks: self?.startTicks ?? '',
        sessionDir: facts.sessionDir,
        phase: facts.phase,
        iteration: facts.iteration,
        overlaps,
      } satisfies TraceLine)}\n`,
    );
  await line('start', await stillRunning(earlier));
  const sameKind = earlier.filter(({ what, phase }) => what === 'start' && phase === facts.phase);
  return { count: sameKind.length + 1, end: () => line('end', []) };
}

async function readTrace(path: string): Promise<TraceLine[]> {
  const text = (await ifExists(readFile(path, 'utf8'))) ?? '';
  return text.split('\n').flatMap((line) => {
    try {
      return [TraceLine.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}

async function stillRunning(earlier: readonly TraceLine[]): Promise<number[]> {
  const ended = new Set(
    earlier.filter(({ what }) => what === 'end').map(({ pid, startTicks }) => `${pid} ${startTicks}`),
  );
  const open = earlier.filter(
    ({ what, pid, startTicks }) => what === 'start' && !ended.has(`${pid} ${startTicks}`),
  );
  const found: number[] = [];
  for (const { pid, startTicks } of open) {
    const entry = await systemProcessTable().read(pid);
    if (isRunning(entry) && entry.startTicks === startTicks) found.push(pid);
  }
  return found;
}

// The worker opens a child's log before it starts the child, so this one is among them.
async function countByLogs({ sessionDir, phase }: PromptFacts): Promise<number> {
  const names = (await ifExists(readdir(join(sessionDir, '_logs')))) ?? [];
  return Math.max(1, names.filter((name) => name.endsWith(`-${phase}.jsonl`)).length);
}
