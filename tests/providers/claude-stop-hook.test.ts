import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../src/base/run-command.ts';
import { stopHooks } from '../../src/providers/claude-stop-hook.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Runs the hook's command line as Claude Code does: through a shell, with a JSON object on stdin. */
async function stop(signal: string | undefined, { active = false, folder = 'session' } = {}) {
  await using dir = await tempDir();
  const sessionDir = join(dir.path, folder);
  await mkdir(sessionDir);
  if (signal !== undefined) await writeFile(join(sessionDir, '_signal.json'), signal);
  const command = stopHooks(sessionDir).Stop[0]?.hooks[0]?.command ?? '';
  const input = JSON.stringify({ hook_event_name: 'Stop', stop_hook_active: active });
  return await runCommand('/bin/sh', ['-c', command], { input });
}

test.each([['{}'], [' {\n}\n'], [''], [undefined]])(
  'a child that leaves the signal as %j is sent back',
  async (signal) => {
    const { exitCode, stderr } = await stop(signal);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('_signal.json is not written yet');
  },
);

test('a child that has signalled may end', async () => {
  expect(await stop('{"status":"continue"}')).toMatchObject({ exitCode: 0, stderr: '' });
});

test('a child is sent back once, not for ever', async () => {
  expect(await stop('{}', { active: true })).toMatchObject({ exitCode: 0, stderr: '' });
});

test('blanks, quotes and dollars in the folder name are only letters', async () => {
  const folder = `it's "a" $HOME \`x\` folder`;
  expect((await stop('{}', { folder })).stderr).toContain(folder);
  expect(await stop('{"status":"done"}', { folder })).toMatchObject({ exitCode: 0 });
});
