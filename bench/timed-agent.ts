import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rounded } from './bench.ts';

export const MEGABYTE = 1_000_000;

export interface TimedAgent {
  /** The folder for the agent and its records. */
  dir: string;
  /** The number of runs; the last one executes `ends`, all others `continues`. */
  runs: number;
  /** How many bytes the first run prints, in lines of a hundred characters. */
  prints?: number;
  /** Shell code. */
  continues: string;
  ends: string;
}

/** Writes an agent for other loops; it records when it begins and ends, and the peak memory of its parent. */
export async function writeTimedAgent({ dir, runs, prints, continues, ends }: TimedAgent): Promise<string> {
  const path = join(dir, 'agent');
  const line = `{"type":"assistant","text":"${'x'.repeat(100)}"}`;
  const script = [
    '#!/bin/sh',
    `cd '${dir}'`,
    'date +%s%N >> times',
    'grep VmHWM "/proc/$PPID/status" > peak 2>/dev/null',
    'n=$(($(cat count 2>/dev/null || echo 0) + 1))',
    'echo "$n" > count',
    ...(prints === undefined ? [] : [`[ "$n" -gt 1 ] || { yes '${line}' | head -c ${prints}; echo; }`]),
    `if [ "$n" -lt ${runs} ]; then ${continues}; else ${ends}; fi`,
    'date +%s%N >> times',
  ];
  await writeFile(path, `${script.join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

/** Milliseconds from the end of each agent to the start of the next. */
export async function gapsIn(dir: string): Promise<number[]> {
  const text = await readFile(join(dir, 'times'), 'utf8');
  const times = text.trim().split('\n').map(Number);
  const gaps = times.flatMap((end, index) =>
    index % 2 === 1 && index + 1 < times.length ? [((times[index + 1] ?? 0) - end) / 1e6] : [],
  );
  return rounded(gaps);
}

/** The loop's peak memory in megabytes, as recorded when the last agent began. */
export async function peakMbIn(dir: string): Promise<number[]> {
  const kilobytes = /(\d+) kB/.exec(await readFile(join(dir, 'peak'), 'utf8'))?.[1];
  // Empty if there is no /proc.
  return kilobytes === undefined ? [] : rounded([Number(kilobytes) / 1024]);
}
