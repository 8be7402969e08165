import { readFile } from 'node:fs/promises';

/** What a process and those that it has waited for have used, in milliseconds of CPU. */
export interface Cpu {
  ownMs: number;
  childrenMs: number;
}

/** Linux counts in hundredths of a second. */
const MS_PER_TICK = 10;

export async function cpuOf(pid: number): Promise<Cpu> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name before the bracket may hold blanks; the fields count from the state behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (index: number) => Number(fields[index]);
  return {
    ownMs: (ticks(11) + ticks(12)) * MS_PER_TICK,
    childrenMs: (ticks(13) + ticks(14)) * MS_PER_TICK,
  };
}

/** The most memory that a process has had resident, in megabytes. */
export async function peakMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}
