import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { takeHere } from '../../../../src/core/session/folder/ownership.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { iterationPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import type { StateManifest } from '../../../../src/extensions/pool/board/state-manifest.ts';
import { hostSettings } from '../../../../src/extensions/pool/membership/host-settings.ts';
import { leftBehind } from '../../../../src/extensions/pool/states/left-behind.ts';
import { keptState, publishedCommit } from '../../../../src/extensions/pool/states/pool-states.ts';
import { restoreForWork } from '../../../../src/extensions/pool/states/restore-state.ts';
import { changeFile, changeSettings } from '../../../core/faults/with-settings.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { IDENTITY } from '../../../support/temp-repo.ts';
import { makeLibrary } from '../../../support/with-libraries.ts';
import { continueHere, workHere } from '../../../support/worker-in-this-process.ts';

const LARGE = 51 * 1024 * 1024;
const LOCAL = ['-c', 'protocol.file.allow=always'];
const ANSWER = { kind: 'answer' as const, answers: [], acceptSuggestions: true, confirmTyped: false };

/** Lays the newest kept state of a session down in another clone, as the next host of a pool would. */
async function continuedElsewhere(rig: SessionRig) {
  const { repo, file } = rig;
  const here = { cwd: repo.path, baseEnv: repo.env };
  const state = await keptState(stateRef(refNameOf(file)), here);
  if (state === undefined) throw new Error('No state was kept.');
  const { commit: oid, kept } = state;
  const { status, phase, iteration, at: keptAt } = kept;
  const manifest: StateManifest = {
    ...{
      v: 1,
      id: kept.id,
      project: '1'.repeat(40),
      folder: kept.folder,
      branch: kept.branch,
      head: kept.head,
    },
    ...{ n: kept.n, lease: kept.lease, hostName: 'anna', epoch: 2, wanted: true, needs: [], version: '0' },
    card: { status, phase, iteration, at: keptAt },
    left: kept.left && { ...kept.left, on: 'anna' },
    checkpoints: kept.checkpoints,
  };
  const commit = await publishedCommit({ state: oid, manifest }, here);
  const mainRepo = join(repo.root, 'other');
  await repo.git(['clone', '--quiet', repo.path, mainRepo]);
  await repo.git(['config', 'user.name', 'Ben'], mainRepo);
  await repo.git(['config', 'user.email', 'ben@example.invalid'], mainRepo);
  const ref = `refs/samocode/pool/sessions/${kept.id}`;
  await repo.git(['push', '--quiet', mainRepo, `${commit}:${ref}`]);
  const at = {
    ...{ configPath: join(mainRepo, '.samocode'), mainRepo },
    ...{ sessionsDir: join(mainRepo, 'sessions'), worktreesDir: join(mainRepo, 'worktrees') },
  };
  const own = { ...file.settings, setup: `echo own >> '${join(repo.root, 'set-up.txt')}'` };
  const plan = {
    commit,
    manifest,
    at,
    context: { baseEnv: repo.env },
    clock: systemClock,
  };
  const { folder } = await restoreForWork(plan, hostSettings(file.settings, own));
  const paths = sessionPaths(at.sessionsDir, folder);
  await takeHere(paths, { host: await systemHost(), clock: systemClock });
  return { ...rig, paths, mainRepo, manifest };
}

test(
  'a session goes on in another clone with its work, its own events, and that machine’s SETUP, once',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', here: true });
    await changeFile(rig, () => ({ pool: true }));
    await changeSettings(rig, { setup: `echo foreign >> '${join(rig.repo.root, 'set-up.txt')}'` });
    const { worktree } = await rig.state();
    await writeFile(join(worktree?.path ?? '', 'by-hand.txt'), 'not committed\n');
    await continueHere(rig);
    await endOfWorker(rig);
    const there = await continuedElsewhere(rig);
    await rm(rig.repo.path, { recursive: true });
    await workHere(there, ANSWER);
    const view = await readSession(there.paths, await systemHost());
    expect(view?.state.status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
    expect(view?.sessionFile).toMatchObject({ mainRepo: there.mainRepo });
    const numbers = (await readEvents(there.paths, 0)).map(({ n }) => n);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const path = view?.state.worktree?.path ?? '';
    expect(await readFile(join(path, 'by-hand.txt'), 'utf8')).toBe('not committed\n');
    expect(await readFile(join(rig.repo.root, 'set-up.txt'), 'utf8')).toBe('own\n');
    const states = await rig.repo.git(
      ['for-each-ref', 'refs/samocode/*/state', '--format=%(refname)'],
      there.mainRepo,
    );
    const kept = await keptState(states, { cwd: there.mainRepo, baseEnv: rig.repo.env });
    expect(kept?.kept).toMatchObject({ n: numbers.at(-1), status: 'waiting' });
  },
);

test('work that does not travel is named in the state, in the log and to the next agent', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await changeFile(rig, () => ({ pool: true }));
  const worktree = (await rig.state()).worktree?.path ?? '';
  const { git } = rig.repo;
  await writeFile(join(worktree, 'grows.bin'), 'small\n');
  await writeFile(join(worktree, 'large.bin'), Buffer.alloc(LARGE));
  await git(['add', '-A'], worktree);
  await git([...IDENTITY, 'commit', '-q', '-m', 'Binaries'], worktree);
  const library = await makeLibrary(rig.repo, 'library');
  for (const at of ['libs/edited', 'libs/committed'])
    await git([...LOCAL, 'submodule', '--quiet', 'add', library, at], worktree);
  await git([...IDENTITY, 'commit', '-q', '-m', 'Libraries'], worktree);
  await writeFile(join(worktree, 'libs/edited/lib.txt'), 'edited\n');
  await git([...IDENTITY, 'commit', '-q', '--allow-empty', '-m', 'Mine'], join(worktree, 'libs/committed'));
  await git(['init', '-q', join(worktree, 'vendor')]);
  await writeFile(join(worktree, 'grows.bin'), Buffer.alloc(LARGE));
  await writeFile(join(worktree, 'new.bin'), Buffer.alloc(LARGE));
  await writeFile(join(rig.paths.sessionDir, 'a\\b.md'), 'document\n');
  await continueHere(rig);
  await endOfWorker(rig);
  const there = await continuedElsewhere(rig);
  expect(there.manifest.left).toEqual({
    files: [
      { path: 'grows.bin', bytes: LARGE },
      { path: 'new.bin', bytes: LARGE },
      { path: 'session/a\\b.md', bytes: 9 },
    ],
    submodules: ['libs/committed', 'libs/edited', 'vendor'],
    on: 'anna',
  });
  await workHere(there, ANSWER);
  const view = await readSession(there.paths, await systemHost());
  const worktreeThere = view?.state.worktree?.path ?? '';
  expect(await readFile(join(worktreeThere, 'grows.bin'), 'utf8')).toBe('small\n');
  expect((await stat(join(worktreeThere, 'large.bin'))).size).toBe(LARGE);
  const notice = (await readEvents(there.paths, 0)).find(
    (event) => event.type === 'notice' && event.code === 'left_behind',
  );
  expect(notice).toMatchObject({ text: leftBehind(there.manifest.left).join(' ') });
  const prompt = await readFile(iterationPaths(there.paths, 3).prompt, 'utf8');
  expect(prompt).toContain('new.bin (51 MB) stays on anna');
});

test('of a thousand large files, twenty are named and the others counted', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await changeFile(rig, () => ({ pool: true }));
  const worktree = (await rig.state()).worktree?.path ?? '';
  for (let at = 0; at < 1000; at += 1) {
    await writeFile(join(worktree, `${at}.bin`), '');
    await truncate(join(worktree, `${at}.bin`), LARGE);
  }
  await continueHere(rig);
  const here = { cwd: rig.repo.path, baseEnv: rig.repo.env };
  const left = (await keptState(stateRef(refNameOf(rig.file)), here))?.kept.left;
  expect(left?.files).toHaveLength(20);
  expect(left?.more).toBe(980);
});

test('a session is rewound to an iteration of the machine before, which alone can undo an earlier rewind', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await changeFile(rig, () => ({ pool: true }));
  await workHere(rig, { kind: 'rewind', to: 1 });
  await endOfWorker(rig);
  const there = await continuedElsewhere(rig);
  await workHere(there, { kind: 'rewind', to: 'undo' });
  const events = await readEvents(there.paths, 0);
  expect(events.findLast(({ type }) => type === 'command_refused')).toMatchObject({
    code: 'checkpoint_elsewhere',
    message: expect.stringContaining('was kept only on another machine'),
  });
  await workHere(there, { kind: 'rewind', to: 0 });
  const rewound = (await readEvents(there.paths, 0)).filter((event) => event.type === 'rewound');
  expect(rewound.map(({ to }) => to)).toEqual([1, 0]);
});

test('SETUP runs again, once, where a lost worktree was made again', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await changeSettings(rig, { setup: `echo again >> '${join(rig.repo.root, 'set-up.txt')}'` });
  const { worktree } = await rig.state();
  await rm(worktree?.path ?? '', { recursive: true });
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  expect(await readFile(join(rig.repo.root, 'set-up.txt'), 'utf8')).toBe('again\n');
});
