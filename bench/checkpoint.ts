import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { runCommand } from '../src/base/processes/run-command.ts';
import { keepCheckpoint } from '../src/project/checkpoints/checkpoint.ts';
import { restoreCheckpoint } from '../src/project/checkpoints/restore-checkpoint.ts';
import { runGit } from '../src/project/git/git.ts';
import { type Bench, type BenchResult, median, round } from './bench.ts';

const ROUNDS = 9;
const SIZES = [1_000, 50_000] as const;
const CHANGES = [0, 1, 500] as const;
/** Where few files lie the starts of git count, where many do the looks at them. */
const SMALL = { files: 1_000, atMostMs: 150 };
const TIMES_STATUS = 4;

/** After every iteration the whole worktree is kept: it must cost about what looking at it costs. */
export const checkpointBench: Bench = {
  name: 'checkpoint',
  about: 'keeping and restoring a worktree, beside one `git status` of it',
  async run() {
    const results: BenchResult[] = [];
    for (const files of SIZES) results.push(await withWorktree(files, measure));
    return {
      values: Object.assign({}, ...results.map(({ values }) => values)),
      goals: results.flatMap(({ goals }) => goals),
    };
  },
};

interface Place {
  files: number;
  place: Omit<Parameters<typeof keepCheckpoint>[0], 'moment'>;
}

async function measure({ files, place }: Place): Promise<BenchResult> {
  const values: Record<string, number> = {};
  const goals = [];
  let iteration = 0;
  const keep = async (baseEnv = place.baseEnv) => {
    iteration += 1;
    return await keepCheckpoint({ ...place, baseEnv, moment: { kind: 'after', iteration } });
  };
  const counting = await countingGit(place.storeDir, place.baseEnv);
  values[`first_${files}_ms`] = round(await timed(() => keep()));
  // The repository's index is older than its second then, as it is in all but the first moments of a session.
  await systemClock.sleep(1100);
  await runGit(['update-index', '--force-write-index'], { cwd: place.worktreePath, baseEnv: place.baseEnv });
  await keep();
  for (const changes of CHANGES) {
    const rounds = [];
    for (let index = 0; index < ROUNDS; index += 1) {
      await change(place.worktreePath, files, changes);
      // In turns, so that both see the same machine and the same files.
      const statusMs = await timed(() =>
        runGit(['status', '--porcelain'], { cwd: place.worktreePath, baseEnv: place.baseEnv }),
      );
      rounds.push({ statusMs, keptMs: await timed(() => keep()) });
    }
    const name = `${files}_files_${changes}_changed`;
    values[`status_${name}_ms`] = round(median(rounds.map(({ statusMs }) => statusMs)));
    values[`keep_${name}_ms`] = round(median(rounds.map(({ keptMs }) => keptMs)));
    values[`times_status_${name}`] = round(
      median(rounds.map(({ statusMs, keptMs }) => keptMs / statusMs)),
      2,
    );
    const isSmall = files <= SMALL.files;
    if (isSmall) goals.push({ value: `keep_${name}_ms`, atMost: SMALL.atMostMs });
    else goals.push({ value: `times_status_${name}`, atMost: TIMES_STATUS });
    await change(place.worktreePath, files, changes);
    await keep(counting.env);
    values[`git_starts_${name}`] = await counting.take();
  }
  const early = await keep();
  await change(place.worktreePath, files, 500);
  values[`rewind_${files}_ms`] = round(
    await timed(() => restoreCheckpoint({ ...place, commit: early.commit, id: '1' })),
  );
  goals.push({ value: `rewind_${files}_ms`, atMost: 2000 });
  return { values, goals };
}

/** A git on PATH that counts how often it is started. */
async function countingGit(storeDir: string, env: Place['place']['baseEnv']) {
  const folder = `${storeDir}-counting`;
  await mkdir(folder, { recursive: true });
  const script = `#!/bin/sh\necho >> '${folder}/calls'\nPATH='${env.PATH}' exec git "$@"\n`;
  await writeFile(join(folder, 'git'), script, { mode: 0o755 });
  return {
    env: { ...env, PATH: `${folder}:${env.PATH}` },
    async take() {
      const count = (await readFile(join(folder, 'calls'), 'utf8')).length;
      await rm(join(folder, 'calls'));
      return count;
    },
  };
}

async function withWorktree(
  files: number,
  use: (place: Place) => Promise<BenchResult>,
): Promise<BenchResult> {
  const root = await mkdtemp(join(await realpath(tmpdir()), 'samocode-bench-'));
  try {
    const mainRepo = join(root, 'repo');
    const worktreePath = join(root, 'worktree');
    const sessionDir = join(root, 'session');
    const env = { PATH: process.env.PATH ?? '', HOME: root };
    // A clean-up in the background would be measured too, and outlive the folder.
    const git = (...args: string[]) =>
      runCommand('git', ['-c', 'gc.auto=0', ...args], { cwd: mainRepo, env });
    await mkdir(sessionDir, { recursive: true });
    await writeFile(join(sessionDir, '_overview.md'), '# Bench\n');
    await writeFiles(mainRepo, files);
    await git('init', '-q', '-b', 'main');
    await git('add', '-A');
    await git('-c', 'user.name=b', '-c', 'user.email=b@example.invalid', 'commit', '-q', '-m', 'All');
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

async function writeFiles(root: string, files: number): Promise<void> {
  for (let folder = 0; folder * PER_FOLDER < files; folder += 1) {
    await mkdir(join(root, `d${folder}`), { recursive: true });
    const names = Array.from({ length: PER_FOLDER }, (_, index) => folder * PER_FOLDER + index);
    await Promise.all(
      names.map((name) => writeFile(fileAt(root, name), `File ${name}\n${'x'.repeat(name % 900)}\n`)),
    );
  }
}

let turn = 0;

async function change(root: string, files: number, changes: number): Promise<void> {
  turn += 1;
  const step = Math.max(1, Math.floor(files / Math.max(1, changes)));
  for (let index = 0; index < changes; index += 1) {
    // Other bytes in every file: equal ones would be one object.
    await writeFile(fileAt(root, index * step), `Change ${index} in turn ${turn}\n`);
  }
}

function fileAt(root: string, name: number): string {
  return join(root, `d${Math.floor(name / PER_FOLDER)}`, `f${name}.txt`);
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}
