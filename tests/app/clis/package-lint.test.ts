import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

let dir: TempDir;
let tarball: string;

beforeAll(async () => {
  dir = await tempDir();
  // Built already: packing must not build into a folder that other tests run from.
  const pack = ['pack', '--ignore-scripts', '--pack-destination', dir.path];
  const { exitCode, stderr } = await runCommand('npm', pack, { cwd: join(import.meta.dirname, '../../..') });
  expect(exitCode, stderr).toBe(0);
  tarball = join(dir.path, (await readdir(dir.path)).find((name) => name.endsWith('.tgz')) ?? '');
});

afterAll(() => dir[Symbol.asyncDispose]());

// attw exits with 0 only because there are no types: the package exports nothing.
test.each([
  ['publint', ['run', '--strict'], 'All good!'],
  ['attw', ['--no-color'], 'This package does not contain types.'],
] as const)('%s finds no fault in the tarball', ci, async (name, args, words) => {
  const { path } = await installCli(name);
  const { exitCode, stdout, stderr } = await runCommand(path, [...args, tarball], { cwd: dir.path });
  expect(stdout, stderr).toContain(words);
  expect(exitCode).toBe(0);
});
