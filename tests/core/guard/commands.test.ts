import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runProjectShell } from '../../../src/core/project/proving/project-command.ts';
import { ci } from '../../support/ci.ts';
import { eventsOfType } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { NO_GATES, type RigPlan, type SessionRig, setPhase, startRig } from '../../support/session-rig.ts';
import { type Behaviour, type FakeBwrap, fakeBwrap, NO_NAMESPACES } from './fake-bwrap.ts';
import { expectNoProcessLeftIn, namespacesOf } from './survivors.ts';

// SETUP and CHECK of sessions that run in the guard.

const TELL = 'readlink /proc/self/ns/pid >>"$HOME/.cache/namespaces"';
const DAEMON = `(setsid env -i sh -c "trap '' TERM; sleep 600; :" >/dev/null 2>&1 &)`;
/** MAIN_REPO, as seen from a worktree. */
const MAIN = '../../..';
const READ_SURROUNDINGS = [
  ...[TELL, DAEMON, `touch inside; touch ${MAIN}/planted; git config core.hooksPath planted`],
  ...['touch "$(git rev-parse --git-common-dir)/hooks/pre-push"', 'true'],
].join('; ');

const fakes: FakeBwrap[] = [];
afterAll(() => {
  for (const fake of fakes) fake[Symbol.dispose]();
});

/** A session in the guard on a machine whose bubblewrap may be broken and repaired. */
async function begin(behaviour: Behaviour, plan: RigPlan): Promise<SessionRig & { fake: FakeBwrap }> {
  const fake = fakeBwrap(behaviour);
  fakes.push(fake);
  const firstEnv = plan.at === undefined && { firstEnv: fake.env };
  const rig = await startRig({ sandbox: 'guard', ...firstEnv, ...plan });
  return { ...rig, fake, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

/** A session without gates, with a CHECK, in its last phase: its next agent signals done. */
async function beginAtDone(
  behaviour: Behaviour,
  lines: Readonly<Record<string, string>>,
): Promise<Awaited<ReturnType<typeof begin>>> {
  const rig = await begin(behaviour, { at: 'resting', lines: { ...lines, ...NO_GATES } });
  await setPhase(rig, 'done');
  await rig.resume({}, rig.fake.env);
  return rig;
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const inWorktree = ({ file }: SessionRig, name: string) =>
  isThere(join(file.worktreesDir, file.folder, name));

async function nothingIsPlanted({ repo }: SessionRig): Promise<void> {
  expect(await isThere(join(repo.path, 'planted'))).toBe(false);
  expect(await isThere(join(repo.path, '.git/hooks/pre-push'))).toBe(false);
  expect(await readFile(join(repo.path, '.git/config'), 'utf8')).not.toContain('planted');
}

async function blockOf(rig: SessionRig) {
  const { status } = await rig.until(({ status: now }) => now.kind === 'blocked');
  return status;
}

test('hooks that SETUP installs apply only to the session', ci, async () => {
  const SETUP = `${TELL}; git config core.hooksPath .hooks; touch "$(git rev-parse --git-common-dir)/hooks/pre-push"`;
  await using rig = await begin('sound', { lines: { SETUP }, start: { run: false } });
  await rig.until(({ status }) => status.kind === 'stopped');
  await nothingIsPlanted(rig);
  const own = join(rig.paths.runDir, 'git');
  expect(await readFile(join(own, 'config'), 'utf8')).toContain('hooksPath = .hooks');
  expect(await isThere(join(own, 'hooks/pre-push'))).toBe(true);
  await expectNoProcessLeftIn(await namespacesOf(rig));
});

test('SETUP runs in the guard, and its daemons end with it', async () => {
  await using rig = await begin('sound', { lines: { SETUP: READ_SURROUNDINGS }, start: { run: false } });
  await rig.until(({ status }) => status.kind === 'stopped');
  expect(await inWorktree(rig, 'inside')).toBe(true);
  await nothingIsPlanted(rig);
  await expectNoProcessLeftIn(await namespacesOf(rig));
});

test('a SETUP that the guard cannot run blocks with its message before any agent, and runs once it can', async () => {
  await using rig = await begin('refused to commands', {
    lines: { SETUP: READ_SURROUNDINGS },
    start: { run: false },
  });
  expect(await blockOf(rig)).toMatchObject({
    rule: 'guard_failed',
    reason: expect.stringContaining(`The guard could not run SETUP: ${NO_NAMESPACES}.`),
  });
  expect(await inWorktree(rig, 'inside')).toBe(false);
  expect((await rig.state()).progress.totalIterations).toBe(0);
  rig.fake.behaves('sound');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect(await inWorktree(rig, 'inside')).toBe(true);
  await expectNoProcessLeftIn(await namespacesOf(rig));
});

test('a CHECK runs in the guard, and its daemons end with it', async () => {
  await using rig = await beginAtDone('sound', { CHECK: READ_SURROUNDINGS, CHECK_IN: 'worktree' });
  await rig.until(({ status }) => status.kind === 'done');
  expect(await inWorktree(rig, 'inside')).toBe(true);
  await nothingIsPlanted(rig);
  await expectNoProcessLeftIn(await namespacesOf(rig));
  expect(await rig.processesWithMark()).toEqual([]);
});

test.each([
  ['its worker is killed', (rig: SessionRig) => rig.killWorker()],
  ['it is stopped', (rig: SessionRig) => rig.stop('now')],
])('a CHECK in the guard ends when %s, and runs again later', async (_, act) => {
  const CHECK = `if [ ! -e .begun ]; then touch .begun; ${TELL}; ${DAEMON}; trap "" TERM; sleep 60; fi; touch .over`;
  await using rig = await beginAtDone('sound', { CHECK, CHECK_IN: 'worktree' });
  await eventually(async () => (await namespacesOf(rig)).length > 0, { what: 'the check' });
  await act(rig);
  await expectNoProcessLeftIn(await namespacesOf(rig));
  expect(await rig.processesWithMark()).toEqual([]);
  expect(await inWorktree(rig, '.over')).toBe(false);
  if ((await rig.state()).status.kind === 'stopped') await rig.resume();
  await rig.until(({ status }) => status.kind === 'done');
  expect(await inWorktree(rig, '.over')).toBe(true);
});

test('a CHECK that the guard cannot run blocks with its message, and starts no agent to fix it', async () => {
  await using rig = await beginAtDone('refused to commands', {
    CHECK: READ_SURROUNDINGS,
    CHECK_IN: 'worktree',
  });
  expect(await blockOf(rig)).toMatchObject({
    rule: 'checks',
    reason: expect.stringContaining(`The guard could not run CHECK: ${NO_NAMESPACES}.`),
  });
  expect((await rig.state()).progress.testReturns).toBe(0);
  rig.fake.behaves('sound');
  await rig.resume();
  await rig.until(({ status }) => status.kind === 'done');
  expect(await inWorktree(rig, 'inside')).toBe(true);
});

test('a CHECK in a clone may commit there, and writes neither into the worktree, nor the cached folders, nor MAIN_REPO, nor HOME', async () => {
  const outside = ['../../../26-*', '../../.cache', '../../../../..'].map((path) => `touch ${path}/planted`);
  const commit = 'touch made && git add made && git commit -qm x';
  const CHECK = `readlink /proc/self/ns/pid; ${DAEMON}; mkdir -p ../../.cache; ${outside.join('; ')}; touch "$HOME/tried" && ${commit}`;
  await using rig = await beginAtDone('sound', { CHECK });
  await rig.until(({ status }) => status.kind === 'done');
  expect(await isThere(join(rig.repo.homeDir, 'tried'))).toBe(false);
  expect(await inWorktree(rig, 'planted')).toBe(false);
  expect(await isThere(join(rig.file.worktreesDir, '_checks/.cache/planted'))).toBe(false);
  await nothingIsPlanted(rig);
  const runs = (await eventsOfType(rig, 'checks_ran')).flatMap((event) => event.runs);
  await expectNoProcessLeftIn(runs.flatMap(({ tail = '' }) => tail.match(/pid:\[\d+\]/g) ?? []));
});

test('a command of a project whose guard is gone does not count as failed', async () => {
  const { failure } = await runProjectShell('true', { cwd: '/', env: {}, inside: () => ['/nowhere/bwrap'] });
  expect(failure?.guardProblem).toBe('/nowhere/bwrap could not be started');
});
