import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { makeServerRig, type ServerRig } from '../../unit/server/server-rig.ts';

const PROGRAM = join(import.meta.dirname, '../../../../dist/samocode.js');
const FOLDER = '26-01-08-boat';
const DOCUMENT = '01-08-1200-dive-boats.md';
const LAST = 'The last line.';

async function withDocument(): Promise<ServerRig> {
  const serverRig = await makeServerRig();
  const { sessionDir } = await serverRig.addSession(FOLDER);
  const lines = Array.from({ length: 3000 }, (_, at) => `- line ${at} of 日本語`);
  await writeFile(join(sessionDir, DOCUMENT), ['# Boats', ...lines, LAST, ''].join('\n'));
  return serverRig;
}

/** `samocode show` on a pseudo-terminal of 24 lines. */
async function shown({ repo }: ServerRig, env: Record<string, string>, ...more: string[]) {
  const words = ['show', 'boa', 'dive', ...more].map((word) => `'${word}'`).join(' ');
  const command = `stty rows 24 cols 80; '${process.execPath}' '${PROGRAM}' ${words}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: repo.path,
    env: { PATH: process.env.PATH, HOME: repo.homeDir, TERM: 'xterm', SHELL: '/bin/sh', ...env },
  });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString('utf8');
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  return { exitCode, text };
}

test('a long document is paged, with its Markdown rendered and LESS set as git sets it', ci, async () => {
  await using serverRig = await withDocument();
  const paged = join(serverRig.repo.homeDir, 'paged');
  const { exitCode, text } = await shown(serverRig, {
    SAMOCODE_PAGER: `(echo "$LESS"; cat) >'${paged}'`,
    PAGER: 'false',
  });
  expect([exitCode, text]).toEqual([0, '']);
  const lines = (await readFile(paged, 'utf8')).split('\n');
  expect(lines.slice(0, 3)).toEqual([
    'FRX',
    '\u001b[2m#\u001b[22m \u001b[1mBoats\u001b[22m',
    '• line 0 of 日本語',
  ]);
  expect(lines.at(-2)).toBe(LAST);
});

test('the first line in less says how to leave it', async () => {
  await using serverRig = await withDocument();
  const [less, paged] = ['less', 'paged'].map((name) => join(serverRig.repo.homeDir, name)) as [
    string,
    string,
  ];
  await writeFile(less, `#!/bin/sh\ncat >'${paged}'\n`, { mode: 0o755 });
  await shown(serverRig, { PAGER: `${less} -S` });
  expect((await readFile(paged, 'utf8')).split('\n')[0]).toContain('q closes this.');
});

test('quitting the pager early is not an error: status 0', async () => {
  await using serverRig = await withDocument();
  const { exitCode, text } = await shown(serverRig, { PAGER: 'head -n 2' });
  expect(exitCode).toBe(0);
  expect(text.split('\r\n').slice(1)).toEqual(['• line 0 of 日本語', '']);
});

test('the text is printed if the pager is missing, or with --no-pager', async () => {
  await using serverRig = await withDocument();
  const missing = await shown(serverRig, { PAGER: 'no-such-pager' });
  expect(missing).toMatchObject({ exitCode: 0, text: expect.stringContaining(LAST) });
  const plain = await shown(serverRig, { PAGER: 'false' }, '--no-pager');
  expect(plain).toMatchObject({ exitCode: 0, text: expect.stringContaining(LAST) });
});
