import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { tempDir } from '../../support/temp-dir.ts';

const FOLDER = '.github/workflows';

test.each(await readdir(FOLDER))('actionlint finds no mistake in the workflow %s', ci, async (name) => {
  const { path } = await installCli('actionlint');
  await using dir = await tempDir();
  const text = await readFile(join(FOLDER, name), 'utf8');
  const lint = async (workflow: string) => {
    await writeFile(join(dir.path, name), workflow);
    return await runCommand(path, [name], { cwd: dir.path });
  };
  const { exitCode, stdout, stderr } = await lint(text);
  expect(exitCode, stdout + stderr).toBe(0);
  const mistaken = await lint(text.replace('github.ref', 'githb.ref').replace('github.token', 'githb.token'));
  expect(mistaken.exitCode).toBe(1);
  expect(mistaken.stdout + mistaken.stderr).toContain('undefined variable "githb"');
});
