import { statsAt } from '../../base/files/look-at.ts';
import { runCommand } from '../../base/processes/run-command.ts';

const MEASURE_LIMIT_MS = 60_000;

/** What folders take on the disk together, in bytes; undefined where that could not be measured. */
export async function diskUsage(paths: readonly string[]): Promise<number | undefined> {
  const there = paths.filter((path) => statsAt(path) !== undefined);
  if (there.length === 0) return 0;
  const { stdout } = await runCommand('du', ['-skc', ...there], { timeoutMs: MEASURE_LIMIT_MS });
  const kilobytes = /^(\d+)\s+total$/m.exec(stdout)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
