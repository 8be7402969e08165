import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/core/kernel/clock.ts';
import { type Checkpoint, keepCheckpoint } from '../src/core/project/checkpoints/checkpoint.ts';
import { openStore } from '../src/core/project/checkpoints/checkpoint-store.ts';
import { restoreCheckpoint } from '../src/core/project/checkpoints/restore-checkpoint.ts';
import { runGit } from '../src/core/project/git/git.ts';
import { commitState } from '../src/extensions/pool/states/state-commit.ts';
import { type Bench, type BenchResult, type Measurement, median, round, rounded } from './bench.ts';
import { fileAt, type LargeWorktree, timed, withWorktree } from './large-worktree.ts';

const ROUNDS = 9;
/** Files, and how many bytes each has at most: the large one has 2 GB. */
const SIZES = [
  [1_000, 900],
  [100_000, 40_000],
] as const;
const CHANGES = [0, 1, 500] as const;
/** With few files the starts of git dominate; with many, reading their status. */
const SMALL = { files: 1_000, atMostMs: 150 };
const TIMES_STATUS = 4;

/** The whole worktree is kept after every iteration, which must cost about as much as a `git status`. */
export const checkpointBench: Bench = {
  name: 'checkpoint',
  title: 'Checkpoints',
  about:
    'keeping and restoring a worktree of 1,000 small files, and one of 100,000 files and 2 GB, compared with one `git status` of it',
  runsOnce: true,
  means: {
    'first_#_ms': 'ms of the first checkpoint, of # files',
    'status_#_files_#_changed_ms': 'ms of one git status: # files, # changed',
    'keep_#_files_#_changed_ms': 'ms of a checkpoint: # files, # changed',
    'times_status_#_files_#_changed': 'times a git status: # files, # changed',
    'state_#_ms': 'ms to keep the state for a pool after a checkpoint: # files',
    'rewind_#_ms': 'ms of a rewind of # files, 500 of them changed',
  },
  async run({ isBrief }) {
    const results: BenchResult[] = [];
    for (const [files, bytes] of SIZES)
      results.push(await withWorktree(files, (tree) => measure(tree, isBrief ? 3 : ROUNDS), bytes));
    return {
      values: Object.assign({}, ...results.map(({ values }) => values)),
      goals: results.flatMap(({ goals }) => goals),
    };
  },
};

async function measure({ files, place }: LargeWorktree, count: number): Promise<BenchResult> {
  const values: Record<string, Measurement> = {};
  const goals = [];
  let iteration = 0;
  const keep = async (baseEnv = place.baseEnv) => {
    iteration += 1;
    return await keepCheckpoint({ ...place, baseEnv, moment: { kind: 'after', iteration } });
  };
  const counting = await countingGit(place.storeDir, place.baseEnv);
  values[`first_${files}_ms`] = round(await timed(() => keep()));
  // Makes the repository's index more than a second old, as it is in all but the first moments of a session.
  await systemClock.sleep(1100);
  await runGit(['update-index', '--force-write-index'], { cwd: place.worktreePath, baseEnv: place.baseEnv });
  await keep();
  for (const changes of CHANGES) {
    const rounds = [];
    for (let index = 0; index < count; index += 1) {
      await change(place.worktreePath, files, changes);
      // Alternate, so that both see the same machine and the same files.
      const statusMs = await timed(() =>
        runGit(['status', '--porcelain'], { cwd: place.worktreePath, baseEnv: place.baseEnv }),
      );
      rounds.push({ statusMs, keptMs: await timed(() => keep()) });
    }
    const name = `${files}_files_${changes}_changed`;
    values[`status_${name}_ms`] = rounded(rounds.map(({ statusMs }) => statusMs));
    values[`keep_${name}_ms`] = rounded(rounds.map(({ keptMs }) => keptMs));
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
  values[`state_${files}_ms`] = await statesOf(place, count, keep);
  if (files <= SMALL.files) goals.push({ value: `state_${files}_ms`, atMost: SMALL.atMostMs });
  const early = await keep();
  await change(place.worktreePath, files, 500);
  values[`rewind_${files}_ms`] = round(
    await timed(() => restoreCheckpoint({ ...place, commit: early.commit, id: '1' })),
  );
  goals.push({ value: `rewind_${files}_ms`, atMost: 2000 });
  return { values, goals };
}

const ITERATIONS = 20;
const LOG_BYTES = 1_000_000;

/** Keeps the state for another machine, as between two agents of a long session: the log grows each time. */
async function statesOf(
  place: LargeWorktree['place'],
  count: number,
  keep: () => Promise<Checkpoint>,
): Promise<number[]> {
  const run = `${place.storeDir}-run`;
  await mkdir(run, { recursive: true });
  const names = Array.from({ length: ITERATIONS }, (_, index) => [
    `prompt-${index}`,
    `signal-${index}`,
  ]).flat();
  for (const name of names) await writeFile(join(run, name), `${name}\n`.repeat(500));
  const files = [...names, 'events.jsonl'].map((name) => [`run/${name}`, join(run, name)] as const);
  await writeFile(join(run, 'events.jsonl'), '{}\n'.repeat(LOG_BYTES / 3));
  const { sessionFolder, branch } = place;
  const at = new Date(0).toISOString();
  const said = {
    id: 'x',
    folder: 'x',
    branch,
    lease: 1,
    status: 'running',
    phase: 'testing',
    iteration: 1,
    at,
  };
  const times: number[] = [];
  for (let n = 1; n <= count; n += 1) {
    await appendFile(join(run, 'events.jsonl'), `{"n":${n}}\n`);
    const last = await keep();
    const { worktreeTree } = last;
    const moment = { kind: 'before', iteration: n } as const;
    const kept = { ...said, n };
    times.push(
      await timed(async () => {
        await keepCheckpoint({ ...place, moment, last, areDocumentsSame: true });
        await commitState(await openStore(place), { sessionFolder, worktreeTree, files, kept });
      }),
    );
  }
  return rounded(times);
}

/** Puts a git on PATH that counts how often it is started. */
async function countingGit(storeDir: string, env: LargeWorktree['place']['baseEnv']) {
  const folder = `${storeDir}-counting`;
  await mkdir(folder, { recursive: true });
  const script = `#!/bin/sh\necho >> '${folder}/calls'\nPATH='${env.PATH}' exec git "$@"\n`;
  await writeFile(join(folder, 'git'), script, { mode: 0o755 });
  return {
    // Programs below home are searched last.
    env: { ...env, HOME: `${folder}/home`, PATH: `${folder}:${env.PATH}` },
    async take() {
      const count = (await readFile(join(folder, 'calls'), 'utf8')).length;
      await rm(join(folder, 'calls'));
      return count;
    },
  };
}

let turn = 0;

async function change(root: string, files: number, changes: number): Promise<void> {
  turn += 1;
  const step = Math.max(1, Math.floor(files / Math.max(1, changes)));
  for (let index = 0; index < changes; index += 1) {
    // Different content in every file: git stores equal files as one object.
    await writeFile(fileAt(root, index * step), `Change ${index} in turn ${turn}\n`);
  }
}
