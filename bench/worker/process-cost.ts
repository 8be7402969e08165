import { readFile } from 'node:fs/promises';

/** The CPU time in milliseconds that a process and the children that it has waited for have used. */
export interface Cpu {
  ownMs: number;
  childrenMs: number;
}

/** Linux counts in hundredths of a second. */
const MS_PER_TICK = 10;

export async function cpuOf(pid: number): Promise<Cpu> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may contain spaces, so fields are counted from the state after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (index: number) => Number(fields[index]);
  return {
    ownMs: (ticks(11) + ticks(12)) * MS_PER_TICK,
    childrenMs: (ticks(13) + ticks(14)) * MS_PER_TICK,
  };
}

/** The peak resident memory of a process, in megabytes. */
export async function peakMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}
