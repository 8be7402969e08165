import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, keepCheckpoint } from '../../src/core/project/checkpoints/checkpoint.ts';
import { type Restored, restoreCheckpoint } from '../../src/core/project/checkpoints/restore-checkpoint.ts';
import { pathAt, readable } from '../../src/core/project/git/path-bytes.ts';
import { ensureWorktree } from '../../src/core/project/worktrees/worktree.ts';
import { makeRepo, type RepoPlan, type TempRepo } from './temp-repo.ts';

export const FOLDER = '26-01-08-x';

export interface CheckpointScene {
  repo: TempRepo;
  worktreePath: string;
  sessionDir: string;
  place: {
    mainRepo: string;
    worktreePath: string;
    sessionDir: string;
    storeDir: string;
    branch: string;
    sessionFolder: string;
    baseEnv: Record<string, string>;
  };
  keep(iteration: number): Promise<Checkpoint>;
  restore(commit: string, id: string): Promise<Restored>;
  /** Paths in a checkpoint. */
  filesOf(commit: string): Promise<string[]>;
}

/** A repository in the usual layout: a worktree on branch `x` and a session folder inside it. */
export async function checkpointScene(plan: RepoPlan = {}): Promise<CheckpointScene> {
  const repo = await makeRepo({ files: { 'a.txt': 'a\n', '.gitignore': 'ignored/\n' }, ...plan });
  await writeFile(join(repo.path, '.git/info/exclude'), '/_samocode/\n');
  const worktreePath = join(repo.path, '_samocode/worktrees', FOLDER);
  const sessionDir = join(repo.path, '_samocode/sessions', FOLDER);
  await mkdir(join(sessionDir, '_logs'), { recursive: true });
  await writeFile(join(sessionDir, '_overview.md'), '# Session\n');
  await writeFile(join(sessionDir, '_logs/long.jsonl'), '{}\n');
  const baseCommit = await repo.git(['rev-parse', 'HEAD']);
  await ensureWorktree({ mainRepo: repo.path, worktreePath, branch: 'x', baseCommit, baseEnv: repo.env });
  const storeDir = join(repo.path, '_samocode/sessions/.run', FOLDER, 'checkpoints');
  const place = {
    mainRepo: repo.path,
    worktreePath,
    sessionDir,
    storeDir,
    branch: 'x',
    sessionFolder: FOLDER,
    baseEnv: repo.env,
  };
  return {
    repo,
    worktreePath,
    sessionDir,
    place,
    keep: (iteration) => keepCheckpoint({ ...place, moment: { kind: 'after', iteration } }),
    restore: (commit, id) => restoreCheckpoint({ ...place, commit, id }),
    filesOf: async (commit) => (await repo.git(['ls-tree', '-r', '--name-only', commit])).split('\n'),
  };
}

/** A filter that stores `sealed:` and the reversed text in the repository. */
export async function sealedScene(filter = 'seal'): Promise<CheckpointScene> {
  const scene = await checkpointScene({
    files: { 'a.txt': 'a\n', '.gitattributes': `private* filter=${filter}\n` },
  });
  const { repo, worktreePath } = scene;
  await repo.git(['config', `filter.${filter}.clean`, 'printf sealed:; rev']);
  await repo.git(['config', `filter.${filter}.smudge`, 'cut -c8- | rev']);
  await writeFile(join(worktreePath, 'private.env'), 'KEY=in-clear\n');
  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Sealed'], worktreePath);
  return scene;
}

/**
 * Every file and link below a folder, by readable names, with its bytes and whether it is executable; without `.git`
 * and empty folders.
 */
export async function contentsOf(
  folder: string,
  leaveOut: readonly string[] = [],
  below = '',
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const entries = await readdir(pathAt(folder, below), { encoding: 'buffer' }).catch(() => []);
  const names = entries.map((entry) => entry.toString('latin1'));
  for (const name of names.sort()) {
    const way = below === '' ? name : `${below}/${name}`;
    if (name === '.git' || leaveOut.includes(way)) continue;
    const path = pathAt(folder, way);
    const stats = await lstat(path);
    if (stats.isDirectory()) Object.assign(found, await contentsOf(folder, leaveOut, way));
    else if (stats.isSymbolicLink()) found[readable(way)] = `link ${await readlink(path)}`;
    else {
      const hash = createHash('sha256').update(await readFile(path));
      found[readable(way)] = `${stats.mode & 0o100 ? 'x' : '-'} ${stats.size} ${hash.digest('hex')}`;
    }
  }
  return found;
}
