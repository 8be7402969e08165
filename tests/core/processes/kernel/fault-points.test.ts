// @module-tag ci
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { tempDir } from '../../../support/temp-dir.ts';

const SOURCE = `import { crashPoint } from '${join(process.cwd(), 'src/core/kernel/fault-points.ts')}';
for (const name of ['a', 'b', 'a', 'b']) { crashPoint(name); console.log(name); }`;

function build(dir: string, faults: boolean): string {
  const outfile = join(dir, `program-${faults}.mjs`);
  const define = { __FAULTS__: String(faults), __REACHED__: '""' };
  const stdin = { contents: SOURCE, resolveDir: process.cwd() };
  buildSync({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', minifySyntax: true, define });
  return outfile;
}

function run(program: string, crashAt: string) {
  const { stdout, signal } = spawnSync(process.execPath, [program], { env: { SAMOCODE_CRASH_AT: crashAt } });
  return { lines: String(stdout).split('\n').filter(Boolean), signal };
}

test('the test build dies at the requested step, at its nth pass', async () => {
  await using dir = await tempDir();
  const program = build(dir.path, true);
  expect(run(program, 'b')).toEqual({ lines: ['a'], signal: 'SIGKILL' });
  expect(run(program, 'a@2')).toEqual({ lines: ['a', 'b'], signal: 'SIGKILL' });
  expect(run(program, 'c')).toEqual({ lines: ['a', 'b', 'a', 'b'], signal: null });
});

test('the published build has no such step', async () => {
  await using dir = await tempDir();
  const program = build(dir.path, false);
  expect(readFileSync(program, 'utf8')).not.toContain('SAMOCODE_CRASH_AT');
  const out = execFileSync(process.execPath, [program], { env: { SAMOCODE_CRASH_AT: 'a' } });
  expect(String(out)).toBe('a\nb\na\nb\n');
});
