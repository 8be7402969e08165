import type { Host } from './host.ts';

const MAX_ANCESTORS = 64;

/**
 * The first of these environment variables that this process or one of its ancestors was started with, nearest first. A
 * program can delete a variable, and `env -u` drops one for its child; the ancestors still show it.
 */
export async function inheritedVariable(
  { processes }: Pick<Host, 'processes'>,
  names: readonly string[],
  from: number = process.pid,
): Promise<string | undefined> {
  const pids: number[] = [];
  for (let pid = from; pid > 1 && pids.length < MAX_ANCESTORS; ) {
    pids.push(pid);
    pid = (await processes.read(pid))?.ppid ?? 0;
  }
  // Concurrently, so that `ps` runs only once for all processes and names.
  const found = pids.flatMap((pid) =>
    names.map(async (name) => ((await processes.environmentOf(pid, name)) ? name : undefined)),
  );
  return (await Promise.all(found)).find((name) => name !== undefined);
}
