import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { newestNumber, readHolding } from '../../../../src/core/kernel/processes/lease.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { stateRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { takeHere } from '../../../../src/core/session/folder/ownership.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { readAllSessions } from '../../../../src/core/session/folder/session-list.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { runRoot, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { writeOwnership } from '../../../../src/extensions/pool/states/ownership-record.ts';
import {
  type RestoredState,
  restoreCopy,
  restoreForWork,
} from '../../../../src/extensions/pool/states/restore-state.ts';
import { ARCHIVED, ASKING, CREATED, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { bundleScript } from '../../../support/bundle-script.ts';
import { contentsOf } from '../../../support/checkpoint-scene.ts';
import { ci, ciIf } from '../../../support/ci.ts';
import { OWN_SETTINGS, type PoolScene, poolScene } from '../../../support/pool-scene.ts';

const work = (scene: PoolScene) => restoreForWork(scene.plan(), OWN_SETTINGS);

/** A commit on its branch, and after it everything that git status can show. */
async function halfDone({ here }: PoolScene): Promise<void> {
  const { worktreePath, repo } = here;
  await writeFile(join(worktreePath, 'committed.txt'), 'c\n');
  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Work'], worktreePath);
  await writeFile(join(worktreePath, 'new.txt'), 'not committed\r\n');
  await writeFile(join(worktreePath, 'tool.bin'), Buffer.from([0, 255, 10, 13, 0]));
  await chmod(join(worktreePath, 'tool.bin'), 0o755);
  await symlink('../../elsewhere', join(worktreePath, 'link'));
  await rm(join(worktreePath, 'a.txt'));
}

test.concurrent('uncommitted work arrives byte for byte, with modes, links and deletions', ci, async () => {
  await using scene = await poolScene();
  await halfDone(scene);
  await scene.publish();
  const restored = await work(scene);
  expect(restored).toEqual({ folder: '26-01-08-x', aside: [] });
  const { worktreePath, repo } = scene.here;
  expect(await contentsOf(scene.worktreeThere)).toEqual(await contentsOf(worktreePath));
  expect(await repo.git(['status', '--porcelain'], scene.worktreeThere)).toBe(
    await repo.git(['status', '--porcelain'], worktreePath),
  );
  expect(await scene.git('rev-parse', 'x')).toBe(await repo.git(['rev-parse', 'x']));
  expect(await repo.git(['branch', '--show-current'], scene.worktreeThere)).toBe('x');
});

test.concurrent('files of the branch that no checkpoint takes are there, not deleted', async () => {
  await using scene = await poolScene();
  const { worktreePath, repo } = scene.here;
  await writeFile(join(worktreePath, 'large.bin'), Buffer.alloc(51 * 1024 * 1024));
  await repo.git(['add', '-A'], worktreePath);
  await repo.git(['commit', '-q', '-m', 'Large'], worktreePath);
  await scene.publish();
  await work(scene);
  expect(await repo.git(['status', '--porcelain'], scene.worktreeThere)).toBe('');
});

test.concurrent('no worker starts for it before its lease is claimed, and one does after that', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await work(scene);
  const host = await systemHost();
  expect(await readSession(scene.there, host)).toMatchObject({ worker: 'unknowable', needsWorker: false });
  await takeHere(scene.there, { host, clock: systemClock, supervisor: 'mine' });
  expect(await readSession(scene.there, host)).toMatchObject({ worker: 'none', needsWorker: true });
  const holding = await readHolding(scene.there.leases, host);
  expect(holding).toMatchObject({ kind: 'released', lease: { supervisor: 'mine', number: 6 } });
});

test.concurrent('a mirror shows the newest published state, and keeps the commands that wait here', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await scene.mirror();
  const { there, here } = scene;
  await mkdir(there.commands, { recursive: true });
  await writeFile(join(there.commands, 'c.json'), '{}');
  await writeFile(join(here.sessionDir, '_qa.md'), '## Q1\n');
  await scene.publish();
  expect(await scene.mirror()).toEqual({ folder: '26-01-08-x', aside: [] });
  expect(await readFile(there.qa, 'utf8')).toBe('## Q1\n');
  expect(await readdir(there.commands)).toEqual(['c.json']);
  expect(await readdir(there.logs)).toEqual(['long.jsonl']);
  expect(await readSession(there, await systemHost())).toMatchObject({
    worker: 'unknowable',
    lease: { number: 6 },
  });
  expect(await readdir(there.sessionsDir)).toEqual(['26-01-08-x']);
});

test.concurrent('what another machine has archived is shown in the archive, and comes back from it', async () => {
  await using scene = await poolScene();
  const { here, there } = scene;
  await writeFile(join(here.sessionDir, '_qa.md'), '## Q1\n');
  await scene.publish();
  await scene.mirror();
  await writeEvents(sessionPaths(join(here.sessionDir, '..'), '26-01-08-x'), [CREATED, PREPARED, ARCHIVED]);
  await scene.publish();
  expect(await scene.mirror()).toEqual({ folder: '26-01-08-x', aside: [] });
  const archived = await readSession(there, await systemHost());
  expect(archived?.state.archived).toBe(true);
  expect(await readFile(archived?.paths.qa ?? '', 'utf8')).toBe('## Q1\n');
  expect(await readdir(join(there.sessionDir, '..'))).toEqual(['_archive']);
  await writeEvents(sessionPaths(join(here.sessionDir, '..'), '26-01-08-x'), [CREATED, PREPARED]);
  await scene.publish();
  await scene.mirror();
  expect(await readFile(there.qa, 'utf8')).toBe('## Q1\n');
  expect(await readdir(join(there.sessionDir, '../_archive'))).toEqual([]);
});

test.concurrent('what a mirror shows of a branch is in this clone', async () => {
  await using scene = await poolScene();
  await halfDone(scene);
  await scene.publish();
  await scene.mirror();
  const view = await readSession(scene.there, await systemHost());
  expect(view?.sessionFile).toMatchObject({ mainRepo: scene.mainRepo });
  expect(await scene.git('log', '-1', '--format=%s', view?.mirror?.head ?? '')).toBe('Work');
});

test.concurrent('what a person typed into a mirror is kept aside and named', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await scene.mirror();
  await writeFile(scene.there.overview, '# Session\n\nMy remark\n');
  await scene.publish({ n: 3 });
  const { aside } = await scene.mirror();
  expect(aside).toHaveLength(1);
  expect(await readFile(join(aside[0] ?? '', '_overview.md'), 'utf8')).toContain('My remark');
  expect(await readFile(scene.there.overview, 'utf8')).toBe('# Session\n');
});

test.concurrent('a session that is here already as published is left as it is, also as a mirror', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await work(scene);
  const before = await contentsOf(scene.there.runDir);
  await work(scene);
  expect(await contentsOf(scene.there.runDir)).toEqual(before);
  await scene.mirror();
  await writeFile(join(scene.worktreeThere, 'a.txt'), 'by a person\n');
  expect(await work(scene)).toEqual({ folder: '26-01-08-x', aside: [] });
  expect(await readFile(join(scene.worktreeThere, 'a.txt'), 'utf8')).toBe('by a person\n');
});

test.concurrent('a folder that went another way is fenced, lies aside with its worktree, and is named', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await work(scene);
  await takeHere(scene.there, { host: await systemHost(), clock: systemClock });
  await writeFile(join(scene.worktreeThere, 'lost.txt'), 'work of before\n');
  await scene.here.repo.commit('Elsewhere', { 'b.txt': 'b\n' });
  await writeFile(join(scene.here.sessionDir, '_qa.md'), '## Q1\n');
  await scene.publish();
  const { aside } = await work(scene);
  const { sessionsDir } = scene.there;
  const lost = join(`${scene.worktreeThere}.lost-3`);
  expect(aside).toEqual([
    join(runRoot(sessionsDir), '.26-01-08-x.lost-3'),
    join(sessionsDir, '.26-01-08-x.lost-3'),
    lost,
  ]);
  expect(await readFile(join(lost, 'lost.txt'), 'utf8')).toBe('work of before\n');
  expect(await scene.here.repo.git(['status', '--porcelain', '--branch'], lost)).toContain(
    'HEAD (no branch)',
  );
  const host = await systemHost();
  expect(await readHolding(join(aside[0] ?? '', 'leases'), host)).toMatchObject({ liveness: 'unknowable' });
  expect(await readFile(scene.there.qa, 'utf8')).toBe('## Q1\n');
  const listed = await readAllSessions(sessionsDir, host);
  expect(listed.map(({ folder }) => folder)).toEqual(['26-01-08-x']);
});

test.concurrent('commits of a branch that are not part of the state are kept under a ref', async () => {
  await using scene = await poolScene();
  await scene.publish();
  const own = await scene.here.repo.git(['commit-tree', '-m', 'Mine', 'HEAD^{tree}']);
  await scene.here.repo.git(['push', '--quiet', scene.mainRepo, `${own}:refs/tags/mine`]);
  await scene.git('branch', 'x', own);
  // A branch of that name that is not of this session is its person's.
  await expect(work(scene)).rejects.toMatchObject({ code: 'branch_taken' });
  expect(await scene.git('rev-parse', 'x')).toBe(own);
  const { commit, manifest } = scene.plan();
  await scene.git('update-ref', stateRef(refNameOf(manifest)), commit);
  const { aside } = await work(scene);
  expect(await scene.git('rev-parse', aside[0] ?? '')).toBe(own);
  expect(await scene.git('rev-parse', 'x')).toBe(scene.plan().manifest.head);
});

test.concurrent('a branch that was here before is not moved, whatever a later state or its events name', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await work(scene);
  const release = await scene.git('rev-parse', 'main');
  await scene.git('branch', 'release', release);
  await writeFile(join(scene.here.sessionDir, '_qa.md'), '## Q1\n');
  await scene.publish({ branch: 'release' });
  await expect(work(scene)).rejects.toMatchObject({ code: 'branch_taken' });
  const { sessionsDir, folder } = scene.there;
  const { path } = scene.here.repo;
  const worktree = { path: '/w', branch: 'release', base: 'main', baseCommit: release };
  const prepared = { ...PREPARED, worktree } as NewEvent;
  const own = sessionPaths(sessionsDir.replace(scene.mainRepo, path), folder);
  await writeEvents(own, [CREATED, prepared], undefined, { mainRepo: path, pool: true });
  await scene.publish();
  await expect(work(scene)).rejects.toMatchObject({ code: 'state_malformed' });
  expect(await scene.git('rev-parse', 'release')).toBe(release);
});

test.concurrent('a branch that is checked out elsewhere is not touched', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await scene.git('switch', '--quiet', '-c', 'x');
  await expect(work(scene)).rejects.toMatchObject({ code: 'branch_in_use' });
  expect(await readdir(scene.there.sessionsDir)).toEqual([]);
});

test.concurrent('a session whose name another one has is restored under a longer name', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await mkdir(scene.there.runDir, { recursive: true });
  await writeFile(scene.there.sessionFile, '{"id":"another"}');
  expect(await scene.mirror()).toEqual({ folder: '26-01-08-x-0000', aside: [] });
  expect(await readFile(scene.there.sessionFile, 'utf8')).toBe('{"id":"another"}');
});

test.concurrent('the lease of a mirror is above that of a worker that still ends here', async () => {
  await using scene = await poolScene();
  await scene.publish();
  await work(scene);
  await writeFile(join(scene.there.leases, '000041.json'), '{}');
  await writeFile(join(scene.here.sessionDir, '_qa.md'), '## Q1\n');
  await scene.publish();
  await scene.mirror();
  expect(newestNumber(scene.there.leases)).toBeGreaterThan(41);
});

describe('a session that this machine had, published and gave back', () => {
  async function givenBack() {
    const scene = await poolScene();
    const published = await scene.publish();
    await work(scene);
    writeOwnership(scene.there, { id: scene.plan().manifest.id, host: 'anna', epoch: 3, published });
    await writeFile(join(scene.here.worktreePath, 'later.txt'), 'l\n');
    await scene.publish();
    return scene;
  }

  test.concurrent('is shown as it goes on elsewhere, and nothing of it lies aside', async () => {
    await using scene = await givenBack();
    expect(await scene.mirror()).toEqual({ folder: '26-01-08-x', aside: [] });
    expect(await readdir(join(scene.worktreeThere, '..'))).toEqual([]);
    expect(await work(scene)).toEqual({ folder: '26-01-08-x', aside: [] });
    expect(await readFile(join(scene.worktreeThere, 'later.txt'), 'utf8')).toBe('l\n');
  });

  test.concurrent('keeps aside what a person changed in its worktree', async () => {
    await using scene = await givenBack();
    await writeFile(join(scene.worktreeThere, 'mine.txt'), 'm\n');
    const { aside } = await scene.mirror();
    expect(aside).toEqual([`${scene.worktreeThere}.lost-3`]);
    expect(await readFile(join(`${scene.worktreeThere}.lost-3`, 'mine.txt'), 'utf8')).toBe('m\n');
  });

  test.concurrent('lies aside whole where something was recorded after that', async () => {
    await using scene = await givenBack();
    await writeEvents(scene.there, [CREATED, PREPARED, ASKING]);
    const { aside } = await scene.mirror();
    expect(aside).toContain(join(runRoot(scene.there.sessionsDir), '.26-01-08-x.lost-3'));
  });
});

type How = 'mirror' | 'work';

function restore(scene: PoolScene, how: How): Promise<RestoredState> {
  return how === 'mirror' ? restoreCopy(scene.plan()) : restoreForWork(scene.plan(), OWN_SETTINGS);
}

/** The same in a process that is killed at a step. @returns whether it was */
async function dyingAt(scene: PoolScene, how: How, step: string): Promise<boolean> {
  const { root, env } = scene.here.repo;
  const plan = join(root, 'plan.json');
  await writeFile(plan, JSON.stringify({ ...scene.plan(), how, settings: OWN_SETTINGS }));
  const program = await bundleScript('restore-state-starter.ts', root, { faults: true });
  const dying = { ...env, SAMOCODE_CRASH_AT: step };
  const { exitCode } = await runCommand(process.execPath, [program, plan], { env: dying });
  return exitCode === null;
}

async function found({ there, worktreeThere }: PoolScene) {
  return { session: await contentsOf(there.sessionDir), worktree: await contentsOf(worktreeThere) };
}

for (const [how, step] of [
  ['mirror', 'replace-session@1'],
  ['mirror', 'replace-session@2'],
  ['work', 'restore-state@1'],
  ['work', 'replace-session@1'],
  ['work', 'replace-session@2'],
] as const)
  test.concurrent(
    `a ${how} whose restore dies at ${step} is completed by the next try`,
    ciIf(step === 'restore-state@1' || (how === 'work') === (step === 'replace-session@2')),
    async () => {
      await using scene = await poolScene();
      await scene.publish();
      await restoreCopy(scene.plan());
      await writeFile(join(scene.here.sessionDir, '_qa.md'), '## Q1\n');
      await writeFile(join(scene.here.worktreePath, 'new.txt'), 'not committed\n');
      await scene.publish();
      expect(await dyingAt(scene, how, step)).toBe(true);
      expect(await restore(scene, how)).toEqual({ folder: '26-01-08-x', aside: [] });
      const { sessionDir, worktreePath } = scene.here;
      expect(await found(scene)).toEqual({
        session: await contentsOf(sessionDir),
        worktree: how === 'work' ? await contentsOf(worktreePath) : {},
      });
    },
  );
