import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
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

export interface RunningGit {
  env: Readonly<Record<string, string>>;
  /** Records the pid of the git that has just been started. */
  started(pid: number): void;
  /** Removes the record of a git that has ended. */
  ended(): void;
}

const UNRECORDED: RunningGit = { env: {}, started: () => undefined, ended: () => undefined };

/** Lets a later worker find this git if we die. @param runningGitDir the folder of records */
export function recordRunningGit(
  runningGitDir: string | undefined,
  [subcommand = '', what]: readonly string[],
): RunningGit {
  if (runningGitDir === undefined || !WRITES.has(subcommand) || what === 'list') return UNRECORDED;
  const path = join(runningGitDir, randomUUID());
  const note = (pid: string) => writeFileSync(path, `${pid} ${subcommand}`);
  try {
    if (statsAt(runningGitDir) === undefined) mkdirSync(runningGitDir);
    // Without a pid, because we may die before we know it: then the mark alone finds this git.
    note('');
  } catch {
    // The folder is gone; git reports the consequence.
    return UNRECORDED;
  }
  return {
    env: { [NOTE_MARK]: basename(path) },
    started: (pid) => {
      try {
        note(String(pid));
      } catch {
        // On a full disk the mark alone finds it.
      }
    },
    ended: () => rmSync(path, { force: true }),
  };
}

const POLL_MS = 100;
const GRACE_MS = 3000;
const KILL_PATIENCE_MS = 4000;
const LIMIT_MS = 15 * 60_000;

/**
 * Waits until no git process of a dead worker is running. A merge may finish, because an incomplete one would
 * leave the user's checkout half updated; other commands are ended, since they are repeated anyway.
 */
export async function waitForRunningGit(
  runningGitDir: string,
  { clock, host: { processes } }: { clock: Clock; host: Host },
  only?: 'merge',
): Promise<void> {
  for (const name of namesAt(runningGitDir) ?? []) {
    const path = join(runningGitDir, name);
    const [pid = '', subcommand] = (await plainText(path, 100))?.trimEnd().split(' ') ?? [];
    if (subcommand !== (only ?? subcommand)) continue;
    const begin = clock.monotonic();
    const graceMs = subcommand === 'merge' ? LIMIT_MS : 0;
    const group = () => groupOf(pid === '' ? undefined : Number(pid), name, processes);
    for (let pgid = await group(); pgid !== undefined; pgid = await group()) {
      const waitedMs = clock.monotonic() - begin;
      // SIGKILL does not end a process that hangs on a dead disk, but such a process does not write either.
      if (waitedMs > graceMs + GRACE_MS + KILL_PATIENCE_MS) break;
      if (waitedMs >= graceMs) signalGroup(pgid, waitedMs < graceMs + GRACE_MS ? 'SIGTERM' : 'SIGKILL');
      await clock.sleep(POLL_MS);
    }
    rmSync(path, { force: true });
  }
}

/** The process group of a running process with this note's mark. @param pid of the git, which leads it, if recorded */
async function groupOf(
  pid: number | undefined,
  name: string,
  processes: Host['processes'],
): Promise<number | undefined> {
  for (const entry of await processes.list())
    if (
      entry.pgid === (pid ?? entry.pgid) &&
      isRunning(entry) &&
      (await processes.environmentOf(entry.pid, NOTE_MARK)) === name
    )
      return entry.pgid;
  return undefined;
}
