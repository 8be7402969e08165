import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { readEvents } from '../../../../src/core/session/events/event-log.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readSession } from '../../../../src/core/session/status.ts';
import { claimLease } from '../../../../src/extensions/pool/fence.ts';
import { hostKey, keyFilesIn } from '../../../../src/extensions/pool/host-keys.ts';
import { hostSettings } from '../../../../src/extensions/pool/host-settings.ts';
import { keptState, publishedCommit, verifyState } from '../../../../src/extensions/pool/published-state.ts';
import { restoreForWork } from '../../../../src/extensions/pool/restore-state.ts';
import type { StateNote } from '../../../../src/extensions/pool/state-note.ts';
import { changeFile, changeSettings } from '../../../core/faults/with-settings.ts';
import { ci } from '../../../support/ci.ts';
import { listOf } from '../../../support/pool-scene.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { continueHere, workHere } from '../../../support/worker-in-this-process.ts';

const ANSWER = { kind: 'answer' as const, answers: [], acceptSuggestions: true, confirmTyped: false };

/** Lays the newest kept state of a session down in another clone, as the next host of a pool would. */
async function continuedElsewhere(rig: SessionRig) {
  const { repo, file } = rig;
  const configDir = join(repo.homeDir, '.config/samocode');
  const list = listOf({ id: 'host-a', name: 'anna', publicKey: await hostKey(configDir, repo.env) });
  const here = { cwd: repo.path, baseEnv: repo.env };
  const state = await keptState(stateRef(refNameOf(file)), here);
  if (state === undefined) throw new Error('No state was kept.');
  const { commit: oid, kept } = state;
  const { status, phase, iteration, at: keptAt } = kept;
  const note: StateNote = {
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
  };
  const keys = keyFilesIn(configDir);
  const commit = await publishedCommit({ state: oid, note }, keys, here);
  const mainRepo = join(repo.root, 'other');
  await repo.git(['clone', '--quiet', repo.path, mainRepo]);
  await repo.git(['config', 'user.name', 'Ben'], mainRepo);
  await repo.git(['config', 'user.email', 'ben@example.invalid'], mainRepo);
  const ref = `refs/samocode/pool/sessions/${kept.id}`;
  await repo.git(['push', '--quiet', mainRepo, `${commit}:${ref}`]);
  const verified = await verifyState(commit, { list, ref }, { cwd: mainRepo, baseEnv: repo.env });
  const at = {
    ...{ configPath: join(mainRepo, '.samocode'), mainRepo },
    ...{ sessionsDir: join(mainRepo, 'sessions'), worktreesDir: join(mainRepo, 'worktrees') },
  };
  const own = { ...file.settings, setup: `echo own >> '${join(repo.root, 'set-up.txt')}'` };
  const plan = { commit, note: verified.note, at, context: { baseEnv: repo.env }, clock: systemClock };
  const { folder } = await restoreForWork(plan, hostSettings(file.settings, own));
  const paths = sessionPaths(at.sessionsDir, folder);
  await claimLease(paths, { host: await systemHost(), clock: systemClock });
  return { ...rig, paths, mainRepo };
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

test('SETUP runs again, once, where a lost worktree was made again', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await changeSettings(rig, { setup: `echo again >> '${join(rig.repo.root, 'set-up.txt')}'` });
  const { worktree } = await rig.state();
  await rm(worktree?.path ?? '', { recursive: true });
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  expect(await readFile(join(rig.repo.root, 'set-up.txt'), 'utf8')).toBe('again\n');
});
