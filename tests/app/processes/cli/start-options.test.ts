// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { ASKING, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import { typed } from '../../unit/cli/typed.ts';
import { makeServerRig, type ServerRig } from '../../unit/server/server-rig.ts';

/** One project has a session, the other an empty folder: a refusal changes neither. */
let withSession: ServerRig;
let withFolder: ServerRig;
beforeAll(async () => {
  [withSession, withFolder] = await Promise.all([makeServerRig(), makeServerRig()]);
  await withSession.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const folder = join(withFolder.sessionsDir, '26-01-08-boat');
  await mkdir(folder);
  await writeFile(join(folder, '_overview.md'), '# Session: boat\n\n## Task\nFloat.\n');
});
afterAll(async () => {
  for (const serverRig of [withSession, withFolder]) await serverRig[Symbol.asyncDispose]();
});

const STOPPED: NewEvent = { type: 'stopped', by: { channel: 'cli' }, why: 'on request' };
const placeOf = ({ repo }: ServerRig) => ({ cwd: repo.path, home: repo.homeDir });

test.each([
  [['--max-cost-usd', '5', '--provider', 'codex'], 'Leave the name out'],
  [['--timeout', '60'], 'Leave the name out'],
  [['--auto-approve'], 'Leave the name out'],
  [['--sandbox', 'off'], 'Leave the name out'],
  [['--task', 'x', '--name', 'y'], 'Leave the name out'],
])('run with an existing session refuses %j, and says what accepts it', async (options, hint) => {
  const { exitCode, stderr } = await typed(['run', 'boat', ...options], placeOf(withSession));
  expect(exitCode).toBe(2);
  expect(stderr).toContain(options[0]);
  expect(stderr).toContain(hint);
});

test('run with an existing session and no options shows it', async () => {
  expect((await typed(['run', 'boat'], placeOf(withSession))).exitCode).toBe(0);
});

test('run alone asks a person which session to continue, or what a new one is to do', async () => {
  await using rig = await makeServerRig();
  const place = placeOf(rig);
  const asked = async (...says: string[]) => await typed(['run'], { ...place, says });
  const typedAlone = await asked();
  expect(typedAlone.exitCode).toBe(2);
  expect(typedAlone.stderr).toContain('A session needs a task');
  const started = await typed(['start', '--no-run'], { ...place, says: ['Paint the mast'] });
  // No worker is there to take it.
  expect(started.stderr).toContain('Its worker exited before it took the session');
  await rig.addSession('26-01-08-ship', [CREATED, PREPARED, DONE]);
  await rig.addSession('26-01-09-boat', [CREATED, PREPARED, STOPPED]);
  const limited = await typed(['run', 'boat', '--max-cost-usd', '5'], place);
  expect(limited.stderr).toContain('samocode resume boat --max-cost-usd 5');
  const chosen = await asked('1', 'n');
  expect(chosen.stdout).toMatch(/^1\) boat: stopped.*\n2\) a new one\n/);
  expect(chosen.stdout).toContain('26-01-09-boat');
  expect((await asked('2')).stderr).toContain('A session needs a task');
  expect((await asked('')).stderr).toContain('A session needs a task');
});

test('a command without a session offers a person those that take it now', async () => {
  await using rig = await makeServerRig();
  await rig.addSession('26-01-08-ship', [CREATED, PREPARED, ASKING]);
  await rig.addSession('26-01-09-boat', [CREATED, PREPARED, DONE]);
  const asked = async (command: string, ...says: string[]) =>
    await typed([command], { ...placeOf(rig), says });
  expect((await asked('answer')).stdout).toMatch(/^1\) ship: waits for answers: Q1\n$/);
  expect(await asked('answer')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'session'") });
  expect((await asked('approve')).stderr).toContain('No session here takes "samocode approve" now.');
  const shown = await asked('show', '2');
  expect(shown.stdout).toMatch(/^1\) ship: .*\n2\) boat: .*\n/);
  expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('_overview.md') });
  expect((await typed(['show'], placeOf(rig))).stderr).toContain('samocode show <session> [document]');
});

test('the original form names the arguments that do not apply to an existing session', async () => {
  const place = placeOf(withSession);
  const original = ['--config', '.samocode', '--session', 'boat'];
  const { stderr } = await typed([...original, '--timeout', '9', '--provider', 'codex'], place);
  expect(stderr).toContain('--provider, --timeout had no effect');
  expect((await typed(original, place)).stderr).toBe('');
});

test.each([
  [['--from', '26-01-08-boat', '--task', 'x'], 2, 'here it is also given task'],
  [['--from', 'boat', '--phase', 'done'], 2, 'Name one of these phases: investigation, '],
  [['--phase', 'planning'], 2, 'Only a session folder that already exists'],
] as const)(
  'a start with %j is refused, and the error names what is missing',
  async (options, status, words) => {
    const { exitCode, stderr } = await typed(['start', ...options], placeOf(withFolder));
    expect(exitCode).toBe(status);
    expect(stderr).toContain(words);
  },
);
