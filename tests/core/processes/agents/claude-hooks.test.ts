// @module-tag ci
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childHooks } from '../../../../src/core/agents/claude/claude-hooks.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** Runs a hook's command line as Claude Code does: through a shell, with a JSON object on stdin. */
async function run(command: string | undefined, input: object) {
  return await runCommand('/bin/sh', ['-c', command ?? 'exit 9'], { input: JSON.stringify(input) });
}

async function stop(signal: string | undefined, { active = false, folder = 'session' } = {}) {
  await using dir = await tempDir();
  const sessionDir = join(dir.path, folder);
  await mkdir(sessionDir);
  if (signal !== undefined) await writeFile(join(sessionDir, '_signal.json'), signal);
  const places = { workingDir: '/worktree', mainRepo: '/repo', nodePath: process.execPath };
  const { Stop } = childHooks({ sessionDir, phase: 'investigation', ...places });
  return await run(Stop[0]?.hooks[0]?.command, { hook_event_name: 'Stop', stop_hook_active: active });
}

test.each([
  ['{}', 'is not written yet'],
  [' {\n}\n', 'is not written yet'],
  ['', 'is not written yet'],
  [undefined, 'is not written yet'],
  ['{"status":', 'is not valid JSON'],
  ['null', 'is not valid JSON'],
  ['{"status":"done"}', 'not one of continue, waiting, handoff, blocked'],
  ['{"status":"continue","phase":"testing"}', 'it may be requirements, implementation, investigation'],
])('an agent that leaves the signal as %j is sent back with the reason', async (signal, why) => {
  const { exitCode, stderr } = await stop(signal);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(why);
});

test.each([
  ['{"status":"continue"}'],
  ['{"status":"CONTINUE","phase":"Requirements"}'],
  ['{"status":"blocked","reason":"x"}'],
])('an agent that has signalled %s may end', async (signal) => {
  expect(await stop(signal)).toMatchObject({ exitCode: 0, stderr: '' });
});

test('an agent is sent back only once', async () => {
  expect(await stop('{}', { active: true })).toMatchObject({ exitCode: 0, stderr: '' });
});

test('spaces, quotes and dollar signs in the folder name have no effect', async () => {
  const folder = `it's "a" $HOME \`x\` folder`;
  expect((await stop('{}', { folder })).stderr).toContain(folder);
  expect(await stop('{"status":"continue"}', { folder })).toMatchObject({ exitCode: 0 });
});

test('writing tools are confined to the worktree and the session, and the innermost folder decides', async () => {
  await using dir = await tempDir();
  const mainRepo = join(dir.path, 'repo');
  const workingDir = join(mainRepo, 'trees/one');
  const sessionDir = join(mainRepo, 'sessions/one');
  for (const folder of [workingDir, sessionDir, join(mainRepo, 'src')])
    await mkdir(folder, { recursive: true });
  await symlink(join(mainRepo, 'src'), join(workingDir, 'way-out'));
  const { PreToolUse } = childHooks({
    sessionDir,
    workingDir,
    mainRepo,
    phase: 'implementation',
    nodePath: process.execPath,
  });
  const write = async (file_path: string) =>
    (await run(PreToolUse[0]?.hooks[0]?.command, { cwd: workingDir, tool_input: { file_path } })).exitCode;
  expect(await write(join(workingDir, 'src/new/file.ts'))).toBe(0);
  expect(await write('src/relative.ts')).toBe(0);
  expect(await write(join(sessionDir, '_signal.json'))).toBe(0);
  expect(await write(join(dir.path, 'elsewhere.txt'))).toBe(0);
  expect(await write(join(mainRepo, 'src/file.ts'))).toBe(2);
  expect(await write(join(mainRepo, 'sessions/.run/one/events.jsonl'))).toBe(2);
  expect(await write(join(mainRepo, 'sessions/two/_qa.md'))).toBe(2);
  expect(await write('way-out/file.ts')).toBe(2);
  expect(await write('../../src/file.ts')).toBe(2);
});
