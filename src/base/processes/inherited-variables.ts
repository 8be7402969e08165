import type { Host } from './host.ts';

const MOST_ANCESTORS = 64;

/**
 * The first of some environment variables that this process or one of its ancestors was started with, the nearest
 * one's first. A program can delete its own, and `env -u` leaves one out for its child; what the ancestors were
 * started with stays to be seen.
 */
export async function inheritedVariable(
  { processes }: Pick<Host, 'processes'>,
  names: readonly string[],
  from: number = process.pid,
): Promise<string | undefined> {
  const pids: number[] = [];
  for (let pid = from; pid > 1 && pids.length < MOST_ANCESTORS; ) {
    pids.push(pid);
    pid = (await processes.read(pid))?.ppid ?? 0;
  }
  // All at once: where `ps` is asked, one answer serves for every process and name.
  const looks = pids.flatMap((pid) =>
    names.map(async (name) => ((await processes.environmentOf(pid, name)) ? name : undefined)),
  );
  return (await Promise.all(looks)).find((name) => name !== undefined);
}
