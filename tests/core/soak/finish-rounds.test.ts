import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FinishWay } from '../../../src/core/acts/finish/finish-choices.ts';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { isRunning } from '../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { finishSession } from '../../support/as-shown.ts';
import { eventually } from '../../support/eventually.ts';
import { restoreDiscarded } from '../../support/restore-discarded.ts';
import { commitWork, type SessionRig, startRig } from '../../support/session-rig.ts';
import { SLOW, SLOW_FILES } from '../../support/slow-checkout.ts';
import { endOfWorker } from '../../support/supervisors.ts';

const ROUNDS = Number(process.env.SAMOCODE_ROUNDS ?? 100) * 10;
const SEED = Number(process.env.SOAK_SEED ?? 11);
const UNSAVED = 300;

let done: SessionRig | undefined;

beforeAll(async () => {
  done = await startRig({ at: 'done', faults: true, repo: SLOW_FILES, lines: { CHECK: 'true' } });
  await endOfWorker(done);
});

afterAll(async () => {
  await done?.[Symbol.asyncDispose]();
});

/** Numbers that are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    // The low bits of such numbers repeat in a cycle.
    return (state >>> 16) % below;
  };
}

/** The person's simultaneous actions in their own checkout; one that git refuses has no effect. */
const PERSON = [
  'true',
  'git gc -q',
  'git commit -q --allow-empty -m Mine',
  'git switch -q -C mine',
  'git switch -q -C mine && git commit -q --allow-empty -m Mine && git switch -q main',
];

async function asPerson(rig: SessionRig, script: string): Promise<void> {
  await runCommand('sh', ['-c', script], {
    cwd: rig.repo.path,
    env: { ...rig.repo.env, GIT_EDITOR: 'true' },
  });
}

async function kill(rig: SessionRig, withGit: boolean): Promise<void> {
  const { processes } = rig.context().host;
  const gits: number[] = [];
  for (const { pid } of withGit ? (await processes.list()).filter(isRunning) : [])
    if (
      (await processes.environmentOf(pid, 'HOME')) === rig.repo.homeDir &&
      (await processes.environmentOf(pid, 'SAMOCODE_GIT'))
    )
      gits.push(pid);
  await rig.killWorker();
  for (const pid of gits)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Removed with its parent.
    }
}

async function commitsOf(rig: SessionRig): Promise<string[]> {
  return (await rig.repo.git(['rev-list', '--branches'])).split('\n');
}

/** Asserts that every commit of a branch is still reachable from a ref. */
async function expectAllReached(rig: SessionRig, commits: readonly string[]): Promise<void> {
  const reached = new Set((await rig.repo.git(['rev-list', '--all'])).split('\n'));
  expect(commits.filter((commit) => !reached.has(commit))).toEqual([]);
}

async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name !== '.git').sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return Object.fromEntries(names.map((name, at) => [name, texts[at] ?? '']));
}

/** Asserts that the reported outcome of the merge is true in the repository. @returns how it ended */
async function checkMerge(rig: SessionRig, tip: string): Promise<string> {
  await rig.until(({ work }) => work === undefined);
  await endOfWorker(rig);
  const end = (await rig.events()).findLast((event) => event.type === 'merge_ended');
  if (end?.type !== 'merge_ended') return 'not accepted';
  const isIn = async () =>
    (
      await runCommand('git', ['merge-base', '--is-ancestor', tip, 'main'], {
        cwd: rig.repo.path,
        env: rig.repo.env,
      })
    ).exitCode === 0;
  const isCutOff = end.reason?.includes('was cut off') ?? false;
  expect([end.outcome, end.reason, await isIn()]).toEqual([
    end.outcome,
    end.reason,
    end.outcome === 'merged',
  ]);
  if (isCutOff) {
    for (const line of end.commands) await asPerson(rig, line);
    expect(await isIn()).toBe(true);
  }
  // Without an interruption no file of the person is changed.
  expect(await rig.repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
  return isCutOff ? 'cut off' : end.outcome;
}

/** Asserts that all files are in the worktree, or all in the trash, and restores them. @returns where they were */
async function checkDiscard(rig: SessionRig, path: string, before: Record<string, string>): Promise<string> {
  await rig.until(({ archived }) => archived || existsSync(path));
  await endOfWorker(rig);
  const { archived } = await rig.state();
  if (archived) await restoreDiscarded(rig);
  await endOfWorker(rig);
  if (!existsSync(path)) return 'clean';
  expect(await contents(path)).toEqual(before);
  expect((await readdir(dirname(path))).filter((name) => name.includes('.removing-'))).toEqual([]);
  return archived ? 'discarded' : 'refused';
}

test(`${ROUNDS} merges and discards, killed at any moment while a person works, lose nothing and report the true state`, async () => {
  const pick = numbers(SEED);
  const ends: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    await using rig = await startRig({ faults: true, copyOf: done?.repo.root ?? '' });
    const how: FinishWay = pick(2) === 0 ? 'merge' : 'discard';
    const { path = '' } = (await rig.state()).worktree ?? {};
    for (let at = 0; at < 8; at += 1) await writeFile(join(path, `new-${round}-${at}.txt`), `${at}\n`);
    const tip = await commitWork(rig, `work-${round}.txt`);
    if (how === 'discard') {
      await mkdir(path, { recursive: true });
      for (let at = 0; at < UNSAVED; at += 1)
        await writeFile(join(path, `unsaved-${at}.md`), `${round}:${at}\n`);
    }
    const before = await contents(path);
    const commits = await commitsOf(rig);
    if (pick(2) === 0) await writeFile(join(rig.repo.root, SLOW), '');
    const asked = finishSession({ session: rig.file.folder, how, keep: [] }, rig.context()).catch(
      () => undefined,
    );
    const person = PERSON[pick(PERSON.length)] ?? '';
    for (let deaths = pick(3); deaths > 0; deaths -= 1) {
      await systemClock.sleep(pick(1500));
      await Promise.all([asPerson(rig, person), kill(rig, pick(2) === 0)]);
      await rig.launch();
    }
    await asPerson(rig, person);
    await rm(join(rig.repo.root, SLOW), { force: true });
    await rig.until(({ work }) => work === undefined);
    await asked;
    await eventually(async () => (await rig.view()).pendingCommands.length === 0);
    const end = how === 'merge' ? await checkMerge(rig, tip) : await checkDiscard(rig, path, before);
    ends[`${how}: ${end}`] = (ends[`${how}: ${end}`] ?? 0) + 1;
    await expectAllReached(rig, commits);
  }
  process.stdout.write(`${JSON.stringify(ends)}\n`);
}, 36_000_000);
