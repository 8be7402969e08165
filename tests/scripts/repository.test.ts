import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { codes, table } from '../../scripts/docs/page.ts';
import { PAGES } from '../../scripts/docs/pages.ts';
import { filesBelow } from '../../scripts/packages/source.ts';
import config from '../../vitest.config.ts';
import { ROOT } from '../words/texts.ts';

const read = (path: string) => readFile(join(ROOT, path), 'utf8');
const MANIFEST = JSON.parse(await read('package.json'));
const WORKFLOWS = await readdir(join(ROOT, '.github/workflows'));
const COMMANDS = [
  ...['CONTRIBUTING.md', 'AGENTS.md', '.github/PULL_REQUEST_TEMPLATE.md'],
  ...WORKFLOWS.map((name) => `.github/workflows/${name}`),
];

test.each(COMMANDS)('every npm script that %s names exists', async (path) => {
  const named = (await read(path)).matchAll(/npm run (?:--[\w-]+ )*([a-z][\w:]*)/g);
  const missing = [...named].flatMap(([, name = '']) => (name in MANIFEST.scripts ? [] : [name]));
  expect(missing).toEqual([]);
});

test.each(WORKFLOWS)('%s says in its first line that it has not run on GitHub yet', async (name) => {
  expect(await read(`.github/workflows/${name}`)).toMatch(/^# Has not run on GitHub yet/);
});

test('the oldest Node of the workflow is the oldest one that the package accepts', async () => {
  const [, versions = ''] = /node: \[(.+)\]/.exec(await read('.github/workflows/ci.yml')) ?? [];
  expect(versions.split(', ')[0]).toBe(/\d+/.exec(MANIFEST.engines.node)?.[0]);
});

test('only package.json contains the version; the lock file repeats it, and no module of src contains it', async () => {
  const lock = JSON.parse(await read('package-lock.json'));
  expect([lock.version, lock.packages[''].version]).toEqual([MANIFEST.version, MANIFEST.version]);
  const paths = await filesBelow(ROOT, 'src');
  const texts = await Promise.all(paths.map(async (path) => [path, await read(path)] as const));
  const written = texts.filter(([, text]) => text.includes(`'${MANIFEST.version}'`));
  expect(written.map(([path]) => path)).toEqual([]);
});

const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

test('the changelog follows Keep a Changelog', async () => {
  const text = await read('CHANGELOG.md');
  const [, ...releases] = text.split(/^## /m);
  const titles = releases.map((release) => release.split('\n')[0] ?? '');
  expect(['Unreleased', MANIFEST.version]).toContain(titles[0]);
  expect(
    titles.filter((title) => !/^(?:Unreleased|\d+\.\d+\.\d+(?: - \d{4}-\d\d-\d\d)?)$/.test(title)),
  ).toEqual([]);
  for (const release of releases) {
    // Short enough that people read all of it.
    expect(release.match(/^- /gm)?.length ?? 0).toBeLessThanOrEqual(60);
    const kinds = [...release.matchAll(/^### (.*)$/gm)].map(([, kind = '']) => kind);
    expect(kinds.filter((kind) => !KINDS.includes(kind))).toEqual([]);
    expect(kinds).toEqual([...new Set(kinds)]);
  }
});

test('a report of a vulnerability goes to the repository, and no page invents an address', async () => {
  const pages = ['SECURITY.md', 'CODE_OF_CONDUCT.md'];
  for (const text of await Promise.all(pages.map(read))) {
    expect(text).toContain('**Report a vulnerability**');
    expect(text).not.toMatch(/[\w.]+@[\w-]+\.\w+|https?:/);
  }
});

test.each(PAGES)('$path matches the code (otherwise run: npm run docs)', async ({ path, render }) => {
  const current = await readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
  expect(current).toBe(render());
});

test('a pipe in a cell does not end the cell', () => {
  expect(table(['a', 'b'], [['x | y', 'z']])).toBe('| a | b |\n| --- | --- |\n| x \\| y | z |');
});

test('values are shown as code, a missing one as a dash', () => {
  expect(codes(['a', 'b'])).toBe('`a`, `b`');
  expect(codes([])).toBe('–');
});

// vitest ignores an unknown project name as long as another one matches.
test('.ci/run names every project of vitest, and no other', () => {
  const { projects = [] } = (config as { test?: { projects?: { test: { name: string } }[] } }).test ?? {};
  const named = readFileSync('.ci/run', 'utf8').matchAll(/--project (\w+)/g);
  const run = new Set(['unit', ...[...named].map(([, name]) => name)]);
  expect([...run].sort()).toEqual(projects.map(({ test: { name } }) => name).sort());
});
