import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readSessionList } from '../../../../src/core/session/session-list.ts';
import { readSession } from '../../../../src/core/session/status.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const CORPUS = resolve('tests/fixtures/legacy-sessions');

async function corpus() {
  const dir = await tempDir();
  for (const folder of await folders())
    await cp(join(CORPUS, folder), join(dir.path, folder), { recursive: true });
  return dir;
}

async function folders(): Promise<string[]> {
  const entries = await readdir(CORPUS, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

test('every folder of the original tool is listed and opens', async () => {
  await using dir = await corpus();
  const views = await readSessionList(dir.path, await systemHost());
  expect(views.map(({ folder }) => folder).sort()).toEqual((await folders()).sort());
  expect(views.every(({ isForeign }) => isForeign)).toBe(true);
});

test('the early nested layout is shown with the command that repairs it', async () => {
  await using dir = await corpus();
  const view = await readSession(sessionPaths(dir.path, '26-01-21-nested'), await systemHost());
  expect(view?.problems.join()).toMatch(/mv .*_samocode/);
});

test.each([
  '26-01-13-unknown-phase',
  '26-01-16-repeated-iterations',
  '26-01-17-empty-overview',
  '26-01-20-flow-tells',
  '26-01-22-nothing-known',
])('starting asks for a phase that the overview of %s does not name', async (folder) => {
  await using dir = await corpus();
  const view = await readSession(sessionPaths(dir.path, folder), await systemHost());
  expect(view?.problems.join()).toMatch(/which phase/i);
  expect(view?.state.progress.phase).toBe('init');
});

test('a folder without an overview is not a session', async () => {
  await using dir = await tempDir();
  await mkdir(join(dir.path, 'notes'));
  expect(await readSession(sessionPaths(dir.path, 'notes'), await systemHost())).toBeUndefined();
});

test('the command that repairs the nested layout overwrites nothing, and handles spaces in folder names', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(join(dir.path, 'my notes'), 'old');
  const nested = join(paths.sessionDir, '_samocode');
  await mkdir(nested, { recursive: true });
  await writeFile(join(nested, '_overview.md'), 'Phase: planning\n');
  await writeFile(join(nested, 'notes.txt'), 'inner');
  await writeFile(join(paths.sessionDir, 'notes.txt'), 'outer');
  const problem = (await readSession(paths, await systemHost()))?.problems.join() ?? '';
  execFileSync('sh', ['-c', problem.slice(problem.indexOf('mv '))]);
  expect(await readFile(join(paths.sessionDir, 'notes.txt'), 'utf8')).toBe('outer');
  expect((await readSession(paths, await systemHost()))?.problems).toEqual([]);
});
