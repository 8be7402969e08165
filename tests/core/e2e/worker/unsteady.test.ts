import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProof, verifyProof } from '../../../../src/core/acts/proof/verify-proof.act.ts';
import { namesAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { checksRoot } from '../../../../src/core/project/worktrees/checks-root.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { readProof } from '../../../../src/core/session/proof/proof.ts';
import { proofLimits } from '../../../../src/core/session/proof/proof-limits.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType, phasesOfAgents } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';

const CHECK = 'sh check.sh';
const RUNS = '$(wc -l <"$OUTSIDE/runs")';
const COUNTED = 'echo x >>"$OUTSIDE/runs"\n';
/** Fails at its first run, and then every second time. */
const BY_CHANCE = `${COUNTED}echo "run ${RUNS}"; test $(( ${RUNS} % 2 )) = 0\n`;

const done = {
  act: 'end',
  did: 'Worked',
  signal: {
    status: 'done',
    summary: 'Done. The check is flaky: it fails by chance alone and passes when repeated.',
  },
};

/** A quick session. Its first agent writes the files, later ones change nothing. */
async function quick(check: string, files: Record<string, string>, plan: RigPlan = {}): Promise<SessionRig> {
  const edits = Object.entries(files).map(([path, text]) => ({ act: 'edit', path, text }));
  const works = [...edits, { act: 'commit', subject: 'Add the boats' }, done];
  const rules = [
    { when: { phase: 'implementation', count: 1 }, do: works },
    { when: { phase: 'implementation' }, do: [done] },
  ];
  return await startRig({
    here: true,
    repo: { files: { 'check.sh': check } },
    lines: { CHECK },
    start: { task: 'Add the boats', quick: true },
    scenario: { rules },
    ...plan,
  });
}

const isAt =
  (kind: string) =>
  ({ status }: SessionState) =>
    status.kind === kind;

test.concurrent(
  'a race that the work adds is sent back with both outputs whatever agents say of chance, and the third time a person is asked',
  ci,
  async () => {
    await using rig = await quick('exit 0\n', { 'check.sh': BY_CHANCE });
    const { status } = await rig.until(isAt('blocked'));
    expect(status).toMatchObject({
      rule: 'checks',
      reason: expect.stringContaining('on the base commit it passed'),
    });
    expect(await phasesOfAgents(rig)).toEqual(Array(3).fill('implementation'));
    const prompt = await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8');
    expect(prompt).toMatch(
      /failed \(exit status 1; repeated alone .*, it passed; on the base commit it passed each/,
    );
    expect(prompt).toMatch(/full-1\.txt\n.*run 1\n.*when it passed: .*full-again-1\.txt\n.*run 2/s);
  },
);

test.concurrent('work beside a check that fails by chance on the base too is read, done, and says so first', async () => {
  await using rig = await quick(BY_CHANCE, { 'boat.txt': 'boat\n' });
  const { proved } = await rig.until(isAt('done'));
  expect(proved?.unsteady).toEqual([CHECK]);
  expect(await phasesOfAgents(rig)).toEqual(['implementation', 'quality']);
  const reading = readProof(await readFile(join(rig.paths.proof, 'proof.json'), 'utf8'));
  if (reading.kind !== 'proof') throw new Error(reading.kind);
  expect(proofLimits(reading.proof)[0]).toBe(`Unsteady, on the base too: \`${CHECK}\`.`);
  expect(namesAt(join(rig.paths.proof, 'outputs'))).toEqual(
    expect.arrayContaining(['full-1.txt', 'full-again-1.txt']),
  );
  const opened = await openProof({ of: rig.file.folder }, rig.context());
  const signal = new AbortController().signal;
  for (const found of [1, 0])
    expect(await verifyProof(opened, rig.context(), { signal })).toMatchObject({
      ...{ result: 'partly', differences: [], partly: `unsteady, on the base too: \`${CHECK}\`` },
      checks: [{ found, unsteady: true }],
    });
});

test.concurrent('a worker that dies in a repetition leaves no half result: the next one begins the proof anew, and no clone stays', async () => {
  const waits = `${COUNTED}test ${RUNS} != 2 || until test -e "$OUTSIDE/go"; do sleep 0.1; done; exit 1\n`;
  await using rig = await quick('exit 0\n', { 'check.sh': waits }, { here: false });
  const runs = async () => (await readFile(join(rig.repo.root, 'runs'), 'utf8').catch(() => '')).length / 2;
  await eventually(async () => (await runs()) === 2);
  await rig.killWorker();
  await writeFile(join(rig.repo.root, 'go'), '');
  await rig.until(({ progress }) => progress.testReturns > 0);
  const full = (await eventsOfType(rig, 'checks_ran')).filter(({ set }) => set === 'full');
  expect(full[0]?.runs).toMatchObject([
    { exitCode: 1, again: { exitCode: 1, output: expect.stringContaining('full-again') } },
  ]);
  await rig.stop();
  await rig.until(isAt('stopped'));
  expect(namesAt(join(checksRoot(rig.file.worktreesDir), rig.file.folder)) ?? []).toEqual([]);
});
