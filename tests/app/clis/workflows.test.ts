import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { tempDir } from '../../support/temp-dir.ts';

const FOLDER = '.github/workflows';
const WORKFLOWS = await readdir(FOLDER);
const mistaken = (name: string) => `mistaken-${name}`;

/** What actionlint says of each workflow, and of each with a mistake: all at once, because its start takes seconds. */
let said: string[];

beforeAll(async () => {
  const { path } = await installCli('actionlint');
  await using dir = await tempDir();
  for (const name of WORKFLOWS) {
    const text = await readFile(join(FOLDER, name), 'utf8');
    await writeFile(join(dir.path, name), text);
    const wrong = text.replace('github.ref', 'githb.ref').replace('github.token', 'githb.token');
    await writeFile(join(dir.path, mistaken(name)), wrong);
  }
  const { exitCode, stdout, stderr } = await runCommand(path, ['*.yml'], { cwd: dir.path });
  expect([exitCode, stderr]).toEqual([1, '']);
  said = stripVTControlCharacters(stdout).split('\n');
});

test.each(WORKFLOWS)('actionlint finds no mistake in the workflow %s', ci, (name) => {
  const saidOf = (file: string) => said.filter((line) => line.startsWith(`${file}:`)).join('\n');
  expect(saidOf(name)).toBe('');
  expect(saidOf(mistaken(name))).toContain('undefined variable "githb"');
});
