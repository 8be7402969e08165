import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readQa } from '../../../src/core/acts/gates/read-qa.act.ts';
import { triedChecks } from '../../../src/core/acts/proof/try-checks.ts';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { acquireLease } from '../../../src/core/kernel/processes/lease.ts';
import { openProject } from '../../../src/core/project/finding/open-project.ts';
import { EventWriter } from '../../../src/core/session/log/event-writer.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { makeProject } from '../../support/project.ts';
import { DONE } from '../../support/scenario-rules.ts';
import { NO_GATES, type RigPlan, type SessionRig, setPhase, startRig } from '../../support/session-rig.ts';
import type { TempRepo } from '../../support/temp-repo.ts';

/** Packages are installed in the main checkout, and its ignored folders have samocode's own beside them. */
async function installed(repo: TempRepo): Promise<void> {
  const manifest = JSON.stringify({ devDependencies: { boat: '1' } });
  await repo.commit('Boat', { '.gitignore': 'node_modules/\n_samocode/\n', 'package.json': manifest });
  await repo.write({ 'node_modules/boat/index.js': '' });
}

/** Passes where the packages are, and nothing can be written among them. */
const CHECK = 'test -e node_modules/boat && ! touch node_modules/made';

async function redRig({ lines, ...plan }: RigPlan = {}): Promise<SessionRig> {
  const repo = { rearrange: installed };
  return await startRig({
    sandbox: 'guard',
    scenario: { rules: [] },
    repo,
    lines: { CHECK, ...lines },
    ...plan,
  });
}

async function askedOf(rig: SessionRig) {
  await rig.untilWaiting('qa_answers');
  const { questions, open } = await readQa({ session: rig.file.folder }, rig.context());
  return questions.filter(({ id }) => open.includes(id)).at(-1);
}

const SAID =
  'With the ignored folders of your checkout it passes there, so it needs what no SETUP brings: add SETUP=npm install --no-package-lock to .samocode.';

test(
  'a check that passes on the base only beside the packages of the main checkout is asked about with the missing SETUP, and its proof does not have them',
  ci,
  async () => {
    await using rig = await redRig();
    const question = await askedOf(rig);
    expect(question?.text).toContain(SAID);
    expect(question).not.toHaveProperty('suggestion');
    await rig.answer({ answers: [{ id: question?.id ?? '', text: 'B' }], acceptSuggestions: true });
    await rig.untilWaiting('plan_approval');
    await rig.approve();
    const done = await rig.until(({ status }) => status.kind === 'done');
    expect(done.proved?.redAfter).toEqual([CHECK]);
  },
);

test('where the settings open the gates, a session waits for a person who brings what SETUP lacks', async () => {
  await using rig = await redRig({ lines: { GATES: 'none' } });
  expect((await askedOf(rig))?.text).toContain(SAID);
});

test('a session whose base passed beside the main checkout, as an earlier version ran it, asks a person, and no agent is sent back', async () => {
  const work = [{ act: 'edit', path: 'work.txt', text: 'x\n' }, { act: 'commit', subject: 'Work' }, DONE];
  await using rig = await redRig({
    ...{ at: 'resting', lines: NO_GATES },
    scenario: { rules: [{ when: { phase: 'done' }, do: work }] },
  });
  const { baseCommit: commit = '' } = (await rig.state()).worktree ?? {};
  await using lease = await acquireLease(rig.paths.leases, rig.context());
  const writer = await EventWriter.open(rig.paths, lease, systemClock);
  const run = { command: CHECK, exitCode: 0, durationMs: 1, outputHash: 'x', outputBytes: 0, output: 'x' };
  const green = { set: 'base', in: 'clone', commit, tree: commit, sandbox: 'guard' } as const;
  await writer.append({ type: 'checks_ran', ...green, runs: [run] });
  await lease[Symbol.asyncDispose]();
  await setPhase(rig, 'done');
  await rig.resume();
  expect((await askedOf(rig))?.text).toContain(SAID);
  expect((await rig.state()).lastIteration).toMatchObject({ iteration: 1, phase: 'done' });
});

test('what a SETUP does not bring, and a variable into the main checkout, are told in the same way', async () => {
  await using rig = await redRig({
    lines: { SETUP: 'true', CHECK: 'test -e "$BOAT" && test -e node_modules/boat' },
    firstEnv: (repo) => ({ BOAT: join(repo.path, 'node_modules/boat') }),
  });
  expect((await askedOf(rig))?.text).toContain(
    'Beside your checkout it passes there, so it needs files of it',
  );
});

test('a check that fails beside the packages too is asked about as one that the work may repair', async () => {
  await using rig = await redRig({ lines: { CHECK: 'test -e fixed || test -e _samocode' } });
  const question = await askedOf(rig);
  expect(question?.text).toContain('If the cause is that checks run on a fresh clone');
  expect(question?.suggestion).toMatchObject({ letters: ['A'] });
});

test('checks that are tried outside of a session are told apart in the same way', async () => {
  const lines = { CHECK, CHECK_2: 'exit 3' };
  const { repo, context } = await makeProject({ sandbox: 'guard', rearrange: installed, lines });
  await using _ = repo;
  const filePath = `${repo.path}/.samocode`;
  const project = await openProject({ filePath, env: repo.env, homeDir: repo.homeDir });
  const [lacking, red] = await triedChecks(project, { ...context, programs: await builtPrograms() });
  expect(lacking).toMatchObject({ level: 'fail', fix: `${SAID} Otherwise each session asks about it.` });
  expect(red?.fix).toContain('Fix it on the base branch');
});
