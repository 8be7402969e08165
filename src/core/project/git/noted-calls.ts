import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { isRunning } from '../../kernel/processes/process-table.ts';
import { signalGroup } from '../../kernel/processes/run-command.ts';

/** The variable that marks a recorded git process and, by inheritance, its children. */
const NOTE_MARK = 'SAMOCODE_GIT';

/** Commands that change a checkout or a branch: one that outlives its worker must not be mistaken for the user's. */
const WRITES = new Set(['branch', 'merge', 'read-tree', 'reset', 'update-ref', 'worktree']);

/** The shell records its pid before it becomes git, so that no git runs unrecorded. */
const NOTED = 'echo "$$ $1" > "$0" && shift && exec git "$@"';

export interface NotedCall {
  command: readonly [file: string, ...args: string[]];
  env: Readonly<Record<string, string>>;
  path?: string;
}

/** The command line that lets a later worker find this git if we die. @param notes the folder of records */
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
    // The folder is gone; git reports the consequence.
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
const KILL_PATIENCE_MS = 4000;
const LIMIT_MS = 15 * 60_000;

/**
 * Waits until no git process of a dead worker is running. A merge may finish, because an incomplete one would
 * leave the user's checkout half updated; other commands are ended, since they are repeated anyway.
 */
export async function waitForNoted(
  notes: string,
  { clock, host: { processes } }: { clock: Clock; host: Host },
  only?: 'merge',
): Promise<void> {
  for (const name of namesAt(notes) ?? []) {
    const path = join(notes, name);
    const [pid = '', subcommand] = (await plainText(path, 100))?.trim().split(' ') ?? [];
    if (subcommand !== (only ?? subcommand)) continue;
    const begin = clock.monotonic();
    const graceMs = subcommand === 'merge' ? LIMIT_MS : 0;
    while (await runs(Number(pid), name, processes)) {
      const waitedMs = clock.monotonic() - begin;
      // SIGKILL does not end a process that hangs on a dead disk, but such a process does not write either.
      if (waitedMs > graceMs + GRACE_MS + KILL_PATIENCE_MS) break;
      if (waitedMs >= graceMs)
        signalGroup(Number(pid), waitedMs < graceMs + GRACE_MS ? 'SIGTERM' : 'SIGKILL');
      await clock.sleep(POLL_MS);
    }
    rmSync(path, { force: true });
  }
}

/** Whether a process with this note's mark still runs in the group of its git. */
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
