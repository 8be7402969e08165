import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { ORDINARY, ORDINARY_FILES, type OrdinaryRow } from './ordinary-rows.ts';

const hasTool = async ({ needs }: OrdinaryRow) =>
  needs === undefined || (await runCommand(needs, ['--version'])).exitCode === 0;
const there = await Promise.all(ORDINARY.map(hasTool));
const rows = ORDINARY.filter((_, index) => there[index]);
const missing = ORDINARY.flatMap(({ needs }, index) => (there[index] ? [] : [needs]));

/** Where rustup and pyenv keep the user's toolchains; a rig's home folder is new. */
const RUSTUP_HOME = process.env.RUSTUP_HOME ?? join(homedir(), '.rustup');

const LEVELS = [
  { sandbox: 'auto', level: process.getuid?.() === 0 ? 'best effort' : 'guard', lines: {} },
  {
    sandbox: 'strict',
    level: 'strict',
    lines: { SANDBOX_ENV: 'RUSTUP_HOME', SANDBOX_READ: `${RUSTUP_HOME},${join(homedir(), '.pyenv')}` },
  },
] as const;

describe.each(LEVELS)(
  `the actions of an ordinary agent succeed with SANDBOX=$sandbox (not here: ${missing.join(', ') || 'nothing'})`,
  ({ sandbox, level, lines }) => {
    let rig: SessionRig;
    beforeAll(async () => {
      const commands = rows.map(({ script }, index) => scripted(`${index}`, script));
      rig = await startRig({ ...sessionOf(commands), sandbox, lines, firstEnv: { RUSTUP_HOME } });
      await rig.until(({ progress }) => progress.totalIterations >= 2);
    });
    afterAll(() => rig[Symbol.asyncDispose]());

    test.each(rows.map((row, index) => ({ ...row, index })))('$title', ci, async ({ index }) => {
      expect(await endOf(rig, `${index}`)).toBe('0');
    });

    test('and the session continues at its initial level', async () => {
      const events = await rig.events();
      const started = events.filter((event) => event.type === 'iteration_started');
      expect(new Set(started.map(({ sandbox }) => sandbox))).toEqual(new Set([level]));
      expect(events.find((event) => event.type === 'iteration_ended')).toMatchObject({ ending: 'signalled' });
    });
  },
);

test("the user's hook runs at the agent's commit, and may refuse it", async () => {
  const hook = '#!/bin/sh\necho ran >>"$HOME/.cache/hook-ran"\ntest ! -e forbidden.txt\n';
  await using rig = await startRig({
    ...sessionOf([
      scripted(
        'made',
        'echo 1 >one.txt; git add -A; git commit -qm One; grep -qx ran "$HOME/.cache/hook-ran"',
      ),
      scripted('refused', 'echo 1 >forbidden.txt; git add -A; if git commit -qm Forbidden; then exit 1; fi'),
    ]),
    lines: { SETUP: 'chmod +x .hooks/pre-commit' },
    files: { 'home/.gitconfig': '[core]\n\thooksPath = .hooks\n' },
    repo: { files: { '.hooks/pre-commit': hook } },
  });
  await rig.until(({ progress }) => progress.totalIterations >= 2);
  expect(await endOf(rig, 'made')).toBe('0');
  expect(await endOf(rig, 'refused')).toBe('0');
});

/** A session in the guard whose first agent runs these commands, followed by ordinary ones. */
function sessionOf(commands: readonly (readonly string[])[]) {
  const acts = commands.map((command) => ({ act: 'run', command }));
  const signal = { act: 'signal-file', text: '{"status":"continue","phase":"requirements"}' };
  return {
    sandbox: 'auto' as const,
    repo: { files: ORDINARY_FILES },
    scenario: { rules: [{ when: { iteration: 1 }, do: [...acts, signal, { act: 'result' }] }] },
  };
}

/** A shell script that records its exit status in the session folder. */
function scripted(name: string, script: string): string[] {
  const ended = `"$REHEARSAL_SESSION_DIR/ended-${name}"`;
  return ['/bin/sh', '-c', `said=$( (set -eu; ${script}\n) 2>&1 ); echo "$?$said" >${ended}`];
}

/** '0', or another end with its output. */
async function endOf({ paths }: SessionRig, name: string): Promise<string> {
  const text = await readFile(join(paths.sessionDir, `ended-${name}`), 'utf8');
  return text.startsWith('0') ? '0' : text;
}
