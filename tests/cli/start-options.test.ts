import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDesk } from '../server/desk.ts';
import { CREATED, DONE, PREPARED } from '../session/events.ts';
import { typed } from './typed.ts';

test.each([
  [['--max-cost-usd', '5', '--provider', 'codex'], 'samocode resume boat --provider codex --max-cost-usd 5'],
  [['--timeout', '60'], 'Leave the name out'],
  [['--auto-approve'], 'Leave the name out'],
  [['--sandbox', 'off'], 'Leave the name out'],
  [['--task', 'x', '--name', 'y'], 'Leave the name out'],
])('run with a session that exists refuses %j, and says what takes it', async (options, hint) => {
  await using desk = await makeDesk();
  await desk.lay('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const place = { cwd: desk.repo.path, home: desk.repo.homeDir };
  const { exitCode, stderr } = await typed(['run', 'boat', ...options], place);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(options[0]);
  expect(stderr).toContain(hint);
  expect((await typed(['run', 'boat'], place)).exitCode).toBe(0);
});

test('the original form says which of its words a session that exists has no use for', async () => {
  await using desk = await makeDesk();
  await desk.lay('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const place = { cwd: desk.repo.path, home: desk.repo.homeDir };
  const original = ['--config', '.samocode', '--session', 'boat'];
  const { stderr } = await typed([...original, '--timeout', '9', '--provider', 'codex'], place);
  expect(stderr).toContain('--provider, --timeout had no effect');
  expect((await typed(original, place)).stderr).toBe('');
});

test.each([
  [['--from', '26-01-08-boat', '--approve', 'x.md'], 1, 'The folder has no plan "x.md"'],
  [['--from', '26-01-08-boat', '--task', 'x'], 2, 'this call gives another task'],
  [['--from', 'boat', '--phase', 'done'], 2, 'Name one of these phases: investigation, '],
  [['--phase', 'planning'], 2, 'needs the folder'],
] as const)('a start with %j is refused with what is missing', async (options, status, words) => {
  await using desk = await makeDesk();
  const folder = join(desk.sessionsDir, '26-01-08-boat');
  await mkdir(folder);
  await writeFile(join(folder, '_overview.md'), '# Session: boat\n\n## Task\nFloat.\n');
  const place = { cwd: desk.repo.path, home: desk.repo.homeDir };
  const { exitCode, stderr } = await typed(['start', ...options], place);
  expect(exitCode).toBe(status);
  expect(stderr).toContain(words);
});
