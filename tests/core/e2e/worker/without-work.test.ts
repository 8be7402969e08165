import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { DONE, shell } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const isDone = ({ status }: SessionState) => status.kind === 'done';
const CHECK = 'for each in tests/*.sh; do sh "$each" || exit 1; done';
const NOTHING = 'No check notices the work: each passes without it';

const commits = (script: string) => shell(`${script}; git add -A; git commit -qm 'Work'`);
const WORKS = 'echo "echo 2" >src/g.sh';
const TESTS = 'echo \'test "$(sh src/g.sh)" = 2\' >tests/g.sh';
/** It starts the program, and looks at nothing. */
const ASSERTS_NOTHING = 'echo "sh src/g.sh || true" >tests/g.sh';

async function played(script: string, lines: Record<string, string>, quick: boolean): Promise<SessionRig> {
  const signal = { status: 'continue', phase: 'testing' };
  const last = quick ? DONE : { act: 'end', did: 'Worked', signal };
  const rig = await startRig({
    here: true,
    ...(!quick && { phase: 'implementation' as const }),
    repo: { files: { 'src/f.sh': 'echo 1\n', 'tests/f.sh': 'test "$(sh src/f.sh)" = 1\n' } },
    lines: { CHECK, ...lines },
    scenario: { rules: [{ when: { phase: 'implementation' }, do: [commits(script), last] }] },
    ...(quick && { start: { task: 'Add a program', quick: true } }),
  });
  await rig.until(isDone);
  return rig;
}

async function bitesOf(rig: SessionRig): Promise<(string | undefined)[][]> {
  const events = await rig.events();
  return events.flatMap((event) =>
    event.type === 'checks_ran' && event.bite ? [event.runs.map(({ how }) => how)] : [],
  );
}

async function proofOf(rig: SessionRig): Promise<string> {
  const path = join(rig.paths.proof, 'proof.md');
  return (await eventually(async () => await readFile(path, 'utf8').catch(() => undefined))) ?? '';
}

async function promptsOf(rig: SessionRig): Promise<string[]> {
  const events = await rig.events();
  const begun = events.filter((event) => event.type === 'iteration_started');
  return await Promise.all(
    begun.map(({ iteration }) => readFile(iterationPaths(rig.paths, iteration).prompt, 'utf8')),
  );
}

test.concurrent(
  'a test that asserts nothing passes without the work: one agent is told, and the limits say it',
  ci,
  async () => {
    await using rig = await played(`${WORKS}; ${ASSERTS_NOTHING}`, {}, false);
    expect(await bitesOf(rig)).toEqual([[undefined]]);
    const told = (await promptsOf(rig)).filter((prompt) => prompt.includes(NOTHING));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('Judge whether the tests show what was asked for');
    expect(await proofOf(rig)).toContain(`${NOTHING}.`);
  },
);

test.concurrent(
  'a test that fails without the work is said as what it is, and nobody is told',
  ci,
  async () => {
    await using rig = await played(`${WORKS}; ${TESTS}`, {}, true);
    expect(await bitesOf(rig)).toEqual([['exit status 1']]);
    const proof = await proofOf(rig);
    expect(proof).not.toContain(NOTHING);
    expect(proof).toContain(`Base, checks of the work: failed: \`${CHECK}\` (exit status 1)`);
  },
);

test.concurrent('quick work whose tests notice nothing is done, and its limits say so', async () => {
  await using rig = await played(`${WORKS}; ${ASSERTS_NOTHING}`, {}, true);
  expect(await promptsOf(rig)).toHaveLength(1);
  expect(await proofOf(rig)).toContain(`${NOTHING}.`);
});

test.concurrent('work without tests, and a base whose check is red already, are not tried', async () => {
  await using plain = await played(WORKS, {}, true);
  expect(await bitesOf(plain)).toEqual([]);
  await using red = await played(`${WORKS}; echo >tests/g.sh`, { CHECK: 'test -e src/g.sh' }, true);
  expect(await bitesOf(red)).toEqual([]);
});

test.concurrent('with BITE=off nothing runs without the work, and the limits say so', async () => {
  await using rig = await played(`${WORKS}; ${TESTS}`, { BITE: 'off' }, true);
  expect(await bitesOf(rig)).toEqual([]);
  expect(await proofOf(rig)).toContain('The tests of this work were not tried without it: BITE=off.');
});
