// @module-tag ci
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childHooks } from '../../../../src/core/agents/claude/claude-hooks.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** Runs a hook's command line as Claude Code does: through a shell, with a JSON object on stdin. */
async function run(command: string | undefined, input: object) {
  return await runCommand('/bin/sh', ['-c', command ?? 'exit 9'], { input: JSON.stringify(input) });
}

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
    nodePath: process.execPath,
    atEnd: [],
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
