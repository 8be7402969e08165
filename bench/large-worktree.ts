import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import type { keepCheckpoint } from '../src/core/project/checkpoints/checkpoint.ts';
import type { BenchResult } from './bench.ts';

export interface LargeWorktree {
  files: number;
  place: Omit<Parameters<typeof keepCheckpoint>[0], 'moment'>;
}

/** Creates a worktree with this many files, each of fewer than `bytes` bytes of text, and removes it after use. */
export async function withWorktree(
  files: number,
  use: (place: LargeWorktree) => Promise<BenchResult>,
  bytes = 900,
): Promise<BenchResult> {
  const root = await mkdtemp(join(await realpath(tmpdir()), 'samocode-bench-'));
  try {
    const mainRepo = join(root, 'repo');
    const worktreePath = join(root, 'worktree');
    const sessionDir = join(root, 'session');
    const env = { PATH: process.env.PATH ?? '', HOME: root };
    // A background gc would be measured too, and would outlive the folder.
    const git = (...args: string[]) =>
      runCommand('git', ['-c', 'gc.auto=0', ...args], { cwd: mainRepo, env });
    await mkdir(sessionDir, { recursive: true });
    await writeFile(join(sessionDir, '_overview.md'), '# Bench\n');
    await writeFiles(mainRepo, files, bytes);
    await git('init', '-q', '-b', 'main');
    await git('add', '-A');
    await git('-c', 'user.name=b', '-c', 'user.email=b@example.invalid', 'commit', '-q', '-m', 'All');
    // As in a clone, whose objects are in one pack: git never leaves 100,000 loose objects, which are slow to find.
    await git('repack', '-a', '-d', '-q', '--window=0');
    await git('worktree', 'add', '-q', '-b', 'x', worktreePath);
    const place = {
      ...{ mainRepo, worktreePath, sessionDir, branch: 'x', sessionFolder: 'bench', baseEnv: env },
      storeDir: join(root, 'store'),
    };
    return await use({ files, place });
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

const PER_FOLDER = 100;

async function writeFiles(root: string, files: number, bytes: number): Promise<void> {
  for (let folder = 0; folder * PER_FOLDER < files; folder += 1) {
    await mkdir(join(root, `d${folder}`), { recursive: true });
    const names = Array.from({ length: PER_FOLDER }, (_, index) => folder * PER_FOLDER + index);
    await Promise.all(
      names.map((name) =>
        writeFile(fileAt(root, name), `File ${name}\n`.repeat(1 + ((name * 7) % bytes) / 12)),
      ),
    );
  }
}

export function fileAt(root: string, name: number): string {
  return join(root, `d${Math.floor(name / PER_FOLDER)}`, `f${name}.txt`);
}

export async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}
