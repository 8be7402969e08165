import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { readKnownProjects, rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const clockAt = (ms: number): Clock => ({ now: () => ms, monotonic: () => ms, sleep: async () => {} });
const project = (name: string) => ({
  filePath: `/work/${name}/.samocode`,
  mainRepo: `/work/${name}`,
  sessions: `/work/${name}/_samocode/sessions`,
});

async function withFile(homeDir: string, text: string): Promise<string> {
  const path = join(homeDir, '.config/samocode/projects.json');
  await mkdir(join(homeDir, '.config/samocode'), { recursive: true });
  await writeFile(path, text);
  return path;
}

test('a machine without projects has an empty list', async () => {
  await using home = await tempDir();
  expect(await readKnownProjects(home.path)).toEqual({ kind: 'read', projects: [] });
});

test('a project is listed once, the most recently used first', async () => {
  await using home = await tempDir();
  await rememberProject(project('a'), { homeDir: home.path, clock: clockAt(1000) });
  await rememberProject(project('b'), { homeDir: home.path, clock: clockAt(2000) });
  await rememberProject(project('a'), { homeDir: home.path, clock: clockAt(3000) });
  expect(await readKnownProjects(home.path)).toEqual({
    kind: 'read',
    projects: [
      { ...project('a'), lastUsedAt: '1970-01-01T00:00:03.000Z' },
      { ...project('b'), lastUsedAt: '1970-01-01T00:00:02.000Z' },
    ],
  });
});

test('the project that was used last is recorded again an hour later, or when its folders have changed', async () => {
  await using home = await tempDir();
  const usedAt = async (ms: number, more = {}) => {
    await rememberProject({ ...project('a'), ...more }, { homeDir: home.path, clock: clockAt(ms) });
    const known = await readKnownProjects(home.path);
    return known.kind === 'read' ? known.projects[0]?.lastUsedAt : known.problem;
  };
  expect(await usedAt(1000)).toBe('1970-01-01T00:00:01.000Z');
  expect(await usedAt(3_600_000)).toBe('1970-01-01T00:00:01.000Z');
  expect(await usedAt(3_601_000)).toBe('1970-01-01T01:00:01.000Z');
  expect(await usedAt(3_602_000, { sessions: '/elsewhere' })).toBe('1970-01-01T01:00:02.000Z');
});

test('malformed entries are skipped and unknown fields are kept', async () => {
  await using home = await tempDir();
  const entry = { ...project('a'), lastUsedAt: '2026-01-01T00:00:00.000Z', note: 'mine' };
  await withFile(home.path, JSON.stringify({ v: 1, projects: [entry, { filePath: 3 }, null] }));
  expect(await readKnownProjects(home.path)).toEqual({ kind: 'read', projects: [entry] });
});

test('a malformed list is moved aside, not lost, when a project is added', async () => {
  await using home = await tempDir();
  const path = await withFile(home.path, '{"v":1,');
  expect(await readKnownProjects(home.path)).toMatchObject({ kind: 'malformed' });
  await rememberProject(project('a'), { homeDir: home.path, clock: clockAt(0) });
  expect(await readKnownProjects(home.path)).toMatchObject({ kind: 'read', projects: [project('a')] });
  expect(await readFile(`${path}.unreadable`, 'utf8')).toBe('{"v":1,');
});
