import { closeSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_ERRORS } from '../../base/base-errors.ts';
import { isoUtc } from '../../base/clock.ts';
import { writeLightly } from '../../base/files/atomic-file.ts';
import { namesAt, statsAt } from '../../base/files/path-stats.ts';
import { openStore } from '../../project/checkpoints/checkpoint-store.ts';
import { commitState, type KeptState, MAX_STATE_FILE_BYTES } from '../../project/checkpoints/state-commit.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { travels } from '../../session/layout/paths.ts';
import { say } from '../core/failure.ts';
import { requireLease } from '../core/lost-lease.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { keepWorkBefore } from './keep-work.ts';

/**
 * Keeps all of a pool's session that rests between two agents as one commit, from which another machine can go on.
 * Never with an open iteration, so that whoever continues has nothing to recover. A failure delays only the pool.
 * @throws lease_lost
 */
export async function keepState(worker: Worker): Promise<void> {
  const { openIteration, archived, n } = stateOf(worker);
  if (!worker.file.pool || openIteration !== undefined || archived || worker.memory.keptStateAt === n) return;
  await requireLease(worker);
  try {
    const { paths, file, git } = worker;
    const storeDir = join(paths.runDir, 'checkpoints');
    const worktreeTree = await worktreeTreeOf(worker);
    const store = await openStore({ mainRepo: file.mainRepo, storeDir, ...git.context });
    const files = [
      ...filesBelow(paths.sessionDir, isDocument).map((name) => [
        `session/${name}`,
        join(paths.sessionDir, name),
      ]),
      ...filesBelow(paths.runDir, travels).map((name) => [`run/${name}`, join(paths.runDir, name)]),
      ...newestLogs(paths.logs, join(storeDir, 'logs')),
    ] as [string, string][];
    await commitState(store, { sessionFolder: refNameOf(file), worktreeTree, files, kept: keptNow(worker) });
    worker.memory.keptStateAt = n;
  } catch (error) {
    if (BASE_ERRORS.lease_lost.is(error)) throw error;
    say(worker, error);
  }
}

function keptNow(worker: Worker): Omit<KeptState, 'head'> {
  const { n, status, progress, worktree } = stateOf(worker);
  const { file, writer, clock } = worker;
  return {
    ...{ id: file.id, folder: file.folder, branch: worktree?.branch, n, lease: writer.lease },
    ...{ status: status.kind, phase: progress.phase, iteration: progress.totalIterations },
    at: isoUtc(clock.now()),
  };
}

/** That of the last checkpoint, unless a person changed something since. */
async function worktreeTreeOf(worker: Worker): Promise<string | undefined> {
  const { worktree, progress } = stateOf(worker);
  if (worktree === undefined || statsAt(worktree.path) === undefined) return undefined;
  const { worktreeTree, problem } = await keepWorkBefore(worker, progress.totalIterations + 1);
  if (worktreeTree === undefined) throw new Error(problem);
  return worktreeTree;
}

/** Logs are taken apart, and drafts are not finished. git accepts no path with a `.git`. */
function isDocument(name: string): boolean {
  return !/^_logs(?:\/|$)|(?:^|\/)\.(?:git(?:\/|$)|[^/]*\.draft$)/i.test(name);
}

/** The plain files of a folder: whoever lays them down accepts nothing else. */
function filesBelow(folder: string, isTaken: (name: string) => boolean, below = ''): string[] {
  return (namesAt(join(folder, below)) ?? []).flatMap((inner) => {
    const name = below === '' ? inner : `${below}/${inner}`;
    const stats = isTaken(name) ? statsAt(join(folder, name)) : undefined;
    if (stats?.isDirectory()) return filesBelow(folder, isTaken, name);
    return stats?.isFile() && stats.size <= MAX_STATE_FILE_BYTES ? [name] : [];
  });
}

const LOGS = 5;
const LOG_BYTES = 256 * 1024;

/** The newest part of the last logs; the whole ones stay on this machine. */
function newestLogs(logs: string, into: string): [string, string][] {
  const names = (namesAt(logs) ?? []).filter(
    (name) => name.endsWith('.jsonl') && statsAt(join(logs, name))?.isFile(),
  );
  return names
    .sort()
    .slice(-LOGS)
    .map((name, index) => {
      const log = join(logs, name);
      const from = (statsAt(log)?.size ?? 0) - LOG_BYTES;
      if (from <= 0) return [`logs/${name}`, log];
      mkdirSync(into, { recursive: true });
      const part = join(into, String(index));
      writeLightly(part, bytesFrom(log, from));
      return [`logs/${name}`, part];
    });
}

function bytesFrom(path: string, from: number): Buffer {
  const bytes = Buffer.alloc(LOG_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, LOG_BYTES, from));
  } finally {
    closeSync(descriptor);
  }
}
