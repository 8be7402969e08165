// @module-tag ci
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { launcherText } from '../../../../scripts/packages/desktop.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const INITIALIZE = { method: 'initialize', params: { capabilities: {} }, jsonrpc: '2.0' };

/** Starts a program with the launcher on a system without Node. */
async function launch(home: string, input: string) {
  const launcher = join(home, 'start-server.sh');
  await writeFile(launcher, launcherText([]));
  const program = join(home, 'a program.mjs');
  await writeFile(program, 'process.stdin.pipe(process.stdout);');
  return await runCommand('/bin/sh', [launcher, program], { env: { HOME: home, PATH: '/nowhere' }, input });
}

test.each([0, 17, '"a-b"'])(
  'without Node the answer to the first request, id %s, says what is missing',
  async (id) => {
    await using home = await tempDir();
    const request = JSON.stringify({ ...INITIALIZE, id: 'ID' }).replace('"ID"', String(id));
    const { exitCode, stdout, stderr } = await launch(home.path, `${request}\n`);
    expect(JSON.parse(stdout)).toEqual({
      jsonrpc: '2.0',
      id: JSON.parse(String(id)),
      error: { code: -32000, message: expect.stringContaining('Install it from https://nodejs.org') },
    });
    expect(stderr).toContain('samocode needs Node.js 20.19 or newer');
    expect(exitCode).toBe(1);
  },
);

test('with a Node the program gets every byte of the input', async () => {
  await using home = await tempDir();
  await mkdir(join(home.path, 'n/bin'), { recursive: true });
  await symlink(process.execPath, join(home.path, 'n/bin/node'));
  expect((await launch(home.path, 'first\nlast')).stdout).toBe('first\nlast');
});
