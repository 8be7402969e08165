import { spawn } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KEY } from '../../cli/keys.ts';
import { typed } from '../../cli/typed.ts';
import { makeRepo, type TempRepo } from '../../support/temp-repo.ts';

const PROGRAM = join(import.meta.dirname, '../../../dist/samocode.js');

/** `samocode trust` on a pseudo-terminal, at which `key` is pressed when it asks. */
async function trustAtTerminal(repo: TempRepo, key: string, env: Record<string, string> = {}) {
  const command = `'${process.execPath}' '${PROGRAM}' trust`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: repo.path,
    env: {
      PATH: process.env.PATH,
      HOME: repo.homeDir,
      TERM: 'xterm',
      SHELL: '/bin/sh',
      SAMOCODE_SUPERVISOR: 'off',
      ...env,
    },
  });
  let shown = '';
  child.stdout.on('data', (bytes: Buffer) => {
    const before = shown.includes('Trust them?');
    shown += bytes.toString('utf8');
    if (!before && shown.includes('Trust them?')) child.stdin.write(key);
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  return { exitCode, shown };
}

async function untrusted(): Promise<TempRepo> {
  const repo = await makeRepo();
  await typed(['init', '--set', 'PROVIDER=rehearsal'], { cwd: repo.path, home: repo.homeDir });
  await appendFile(join(repo.path, '.samocode'), 'CHECK=true\n');
  return repo;
}

test.each([
  ['y', 0, 'are trusted'],
  [KEY.enter, 1, 'You did not agree'],
  [KEY.escape, 1, 'You did not agree'],
  [KEY.ctrlC, 1, 'You did not agree'],
])('on a real terminal %j ends the question with status %i', async (key, status, words) => {
  await using repo = await untrusted();
  const { exitCode, shown } = await trustAtTerminal(repo, key);
  expect(shown).toContain(words);
  expect(exitCode).toBe(status);
  expect(shown).toContain('\u001b[36m');
});

test('on a terminal that shows only lines a question is one line', async () => {
  await using repo = await untrusted();
  const { exitCode, shown } = await trustAtTerminal(repo, 'y\r', { TERM: 'dumb' });
  expect(exitCode).toBe(0);
  expect(shown).toContain('Trust them? [y/N] ');
  expect(shown).not.toContain('\u001b[36m');
});

test('NO_COLOR holds for questions too', async () => {
  await using repo = await untrusted();
  const { shown } = await trustAtTerminal(repo, 'y', { NO_COLOR: '1' });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences are what must not be there
  expect(shown).not.toMatch(/\u001b\[3\dm/);
});
