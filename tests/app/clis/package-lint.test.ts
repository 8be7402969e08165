import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ciIf } from '../../support/ci.ts';
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
for (const [name, args, words, isRepresentative] of [
  ['publint', ['run', '--strict'], 'All good!', true],
  ['attw', ['--no-color'], 'This package does not contain types.', false],
] as const)
  test(`${name} finds no fault in the tarball`, ciIf(isRepresentative), async () => {
    const { path } = await installCli(name);
    const { exitCode, stdout, stderr } = await runCommand(path, [...args, tarball], { cwd: dir.path });
    expect(stdout, stderr).toContain(words);
    expect(exitCode).toBe(0);
  });
