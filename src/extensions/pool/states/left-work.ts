import { join } from 'node:path';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { cut } from '../../../core/kernel/text.ts';
import { skippedInWorktree } from '../../../core/project/finishing/trash.ts';
import { EACH_FILE, readStatus } from '../../../core/project/git/status-entries.ts';
import { stateOf, type Worker } from '../../../core/worker/state/worker.ts';
import type { LeftWork } from '../board/state-manifest.ts';

const MAX_NAMED = 20;
const MAX_PATH = 300;

/**
 * The work that a state leaves on this machine.
 * @param unfit documents and machine state that do not fit into it; the rest is what the newest checkpoint left out
 */
export async function leftWork(
  worker: Worker,
  unfit: readonly (readonly [path: string, file: string])[],
): Promise<LeftWork | undefined> {
  const inWorktree = await leftInWorktree(worker);
  const files = [...inWorktree.files, ...unfit];
  const { submodules } = inWorktree;
  if (files.length + submodules.length === 0) return undefined;
  const named = files
    .slice(0, MAX_NAMED)
    .map(([path, file]) => ({ path: cut(path, MAX_PATH), bytes: statsAt(file)?.size }));
  const more = Math.max(0, files.length - MAX_NAMED) + Math.max(0, submodules.length - MAX_NAMED);
  return {
    ...(named.length > 0 && { files: named }),
    ...(submodules.length > 0 && {
      submodules: submodules.slice(0, MAX_NAMED).map((path) => cut(path, MAX_PATH)),
    }),
    ...(more > 0 && { more }),
  };
}

async function leftInWorktree(
  worker: Worker,
): Promise<{ files: [path: string, file: string][]; submodules: string[] }> {
  const worktreePath = stateOf(worker).worktree?.path;
  const { skipped = [] } = worker.memory.lastKept ?? {};
  if (worktreePath === undefined || skipped.length === 0) return { files: [], submodules: [] };
  const names = await skippedInWorktree({ skipped }, { worktreePath, ...worker.git.context });
  const isRepository = (name: string) => name.endsWith('/');
  const submodules = names.filter(isRepository).map((name) => name.slice(0, -1));
  const others = names.filter((name) => !isRepository(name));
  const files = others.length > 0 ? await notInBranch(worker, worktreePath, others) : [];
  return { files: files.map((name) => [name, join(worktreePath, name)]), submodules };
}

/** The names that differ from the commit which is checked out; first those that this commit has too. */
async function notInBranch(worker: Worker, cwd: string, names: readonly string[]): Promise<string[]> {
  const options = { ...worker.git.context, cwd, allowFailure: true };
  const { exitCode, entries } = await readStatus(options, [EACH_FILE, '--no-renames']);
  if (exitCode !== 0) return [...names];
  const kinds = new Map(entries.map(({ path, kind }) => [path, kind]));
  const different = names.filter((name) => kinds.has(name) || name.endsWith('*'));
  const isNew = (name: string) => Number((kinds.get(name) ?? 'untracked') === 'untracked');
  return different.sort((a, b) => isNew(a) - isNew(b));
}
