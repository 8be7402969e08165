import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { namesAt, statsAt } from '../../base/files/path-stats.ts';
import { plainText } from '../../base/files/plain-file.ts';
import type { Host } from '../../base/processes/host.ts';
import { isRunning } from '../../base/processes/process-table.ts';

/** In the environment of a git that is noted; what git starts has it too, but leads no group of that number. */
const NOTE_MARK = 'SAMOCODE_GIT';

/** git's commands that change a checkout or a branch: one that outlives its worker must not be taken for a person. */
const WRITES = new Set(['branch', 'merge', 'read-tree', 'reset', 'update-ref', 'worktree']);

/** The shell writes its own number before it becomes git, so that no git runs unnoted. */
const NOTED = 'echo "$$ $1" > "$0" && shift && exec git "$@"';

export interface NotedCall {
  command: readonly [file: string, ...args: string[]];
  env: Readonly<Record<string, string>>;
  path?: string;
}

/** How git is started, so that a later worker finds it where this one dies. @param notes the folder of notes */
export function notedCall(
  notes: string | undefined,
  [subcommand = '', what]: readonly string[],
  args: readonly string[],
): NotedCall {
  const plain: NotedCall = { command: ['git', ...args], env: {} };
  if (notes === undefined || !WRITES.has(subcommand) || what === 'list') return plain;
  try {
    if (statsAt(notes) === undefined) mkdirSync(notes);
  } catch {
    // The folder around it was taken away: git says itself what that means for it.
    return plain;
  }
  const path = join(notes, randomUUID());
  return {
    command: ['sh', '-c', NOTED, path, subcommand, ...args],
    env: { [NOTE_MARK]: basename(path) },
    path,
  };
}

export function dropNote({ path }: NotedCall): void {
  if (path !== undefined) rmSync(path, { force: true });
}

const POLL_MS = 100;
const GRACE_MS = 3000;
const LIMIT_MS = 15 * 60_000;

/**
 * Returns when no git of a worker that died runs any more. A merge is let come to its end, since half of one is of no
 * use to the person whose checkout it is; the others are done again, and end now.
 */
export async function outliveNoted(
  notes: string,
  { clock, host: { processes } }: { clock: Clock; host: Host },
  only?: 'merge',
): Promise<void> {
  for (const name of namesAt(notes) ?? []) {
    const path = join(notes, name);
    const [pid = '', subcommand] = (await plainText(path, 100))?.trim().split(' ') ?? [];
    if (subcommand !== (only ?? subcommand)) continue;
    const begin = clock.monotonic();
    const mercyMs = subcommand === 'merge' ? LIMIT_MS : 0;
    while (await runs(Number(pid), name, processes)) {
      const waitedMs = clock.monotonic() - begin;
      if (waitedMs >= mercyMs)
        signalGroup(Number(pid), waitedMs < mercyMs + GRACE_MS ? 'SIGTERM' : 'SIGKILL');
      await clock.sleep(POLL_MS);
    }
    rmSync(path, { force: true });
  }
}

/** Whether anything of the group runs that such a git leads, or led. */
async function runs(pid: number, name: string, processes: Host['processes']): Promise<boolean> {
  for (const entry of await processes.list())
    if (
      entry.pgid === pid &&
      isRunning(entry) &&
      (await processes.environmentOf(entry.pid, NOTE_MARK)) === name
    )
      return true;
  return false;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has just ended.
  }
}
