import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { readKnownProjects, rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const clockAt = (ms: number): Clock => ({ now: () => ms, monotonic: () => ms, sleep: async () => {} });
const project = (name: string) => ({
  filePath: `/work/${name}/.samocode`,
  mainRepo: `/work/${name}`,
  sessions: `/work/${name}/_samocode/sessions`,
});

test('a machine without projects has an empty list', async () => {
  await using home = await tempDir();
  expect(await readKnownProjects(home.path)).toEqual([]);
});

test('a project is listed once, the most recently used first', async () => {
  await using home = await tempDir();
  await rememberProject(project('a'), { homeDir: home.path, clock: clockAt(1000) });
  await rememberProject(project('b'), { homeDir: home.path, clock: clockAt(2000) });
  await rememberProject(project('a'), { homeDir: home.path, clock: clockAt(3000) });
  expect(await readKnownProjects(home.path)).toEqual([
    { ...project('a'), lastUsedAt: '1970-01-01T00:00:03.000Z' },
    { ...project('b'), lastUsedAt: '1970-01-01T00:00:02.000Z' },
  ]);
});

test('the project that was used last is recorded again an hour later, or when its folders have changed', async () => {
  await using home = await tempDir();
  const usedAt = async (ms: number, more = {}) => {
    await rememberProject({ ...project('a'), ...more }, { homeDir: home.path, clock: clockAt(ms) });
    return (await readKnownProjects(home.path))[0]?.lastUsedAt;
  };
  expect(await usedAt(1000)).toBe('1970-01-01T00:00:01.000Z');
  expect(await usedAt(3_600_000)).toBe('1970-01-01T00:00:01.000Z');
  expect(await usedAt(3_601_000)).toBe('1970-01-01T01:00:01.000Z');
  expect(await usedAt(3_602_000, { sessions: '/elsewhere' })).toBe('1970-01-01T01:00:02.000Z');
});

test('projects that are recorded at once are all known', async () => {
  await using home = await tempDir();
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(
    names.map((name) => rememberProject(project(name), { homeDir: home.path, clock: systemClock })),
  );
  const known = await readKnownProjects(home.path);
  expect(known.map(({ filePath }) => filePath).sort()).toEqual(names.map((name) => project(name).filePath));
});

test('a malformed record is left out, and written again by use', async () => {
  await using home = await tempDir();
  const context = { homeDir: home.path, clock: clockAt(0) };
  await rememberProject(project('a'), context);
  const folder = join(home.path, '.config/samocode/projects');
  const [name = ''] = await readdir(folder);
  await writeFile(join(folder, name), '{"filePath":3');
  expect(await readKnownProjects(home.path)).toEqual([]);
  await rememberProject(project('a'), context);
  expect(await readKnownProjects(home.path)).toMatchObject([project('a')]);
});

test('beyond 200 projects, the one used longest ago is dropped', async () => {
  await using home = await tempDir();
  for (let index = 0; index < 201; index += 1)
    await rememberProject(project(`p${index}`), { homeDir: home.path, clock: clockAt(index) });
  const known = await readKnownProjects(home.path);
  expect(known).toHaveLength(200);
  expect(known.at(-1)).toMatchObject(project('p1'));
});
