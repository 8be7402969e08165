import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { readKnownProjects, rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { proposedCommands } from '../../../../src/core/project/finding/proposed-commands.ts';
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

async function proposedFor(files: Readonly<Record<string, string>>) {
  await using dir = await tempDir();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  return await proposedCommands(dir.path);
}

const NODE = JSON.stringify({ scripts: { test: 'vitest' } });
const POETRY = 'poetry install --no-interaction';
const BUNDLER = 'bundle config set --local path vendor/bundle && bundle install';
const PLACEHOLDER = JSON.stringify({ scripts: { test: 'echo "Error: no test specified" && exit 1' } });

test.each<[string, Record<string, string>, [setup: string | undefined, check: string] | undefined]>([
  ['npm', { 'package.json': NODE, 'package-lock.json': '{}' }, ['npm ci', 'CI=1 npm test']],
  ['npm without a lock file and packages', { 'package.json': NODE }, [undefined, 'CI=1 npm test']],
  [
    'npm without a lock file',
    { 'package.json': JSON.stringify({ scripts: { test: 'vitest' }, devDependencies: { vitest: '4' } }) },
    ['npm install --no-package-lock', 'CI=1 npm test'],
  ],
  [
    'npm with a shrinkwrap',
    { 'package.json': NODE, 'npm-shrinkwrap.json': '{}' },
    ['npm ci', 'CI=1 npm test'],
  ],
  [
    'pnpm',
    { 'package.json': NODE, 'pnpm-lock.yaml': '' },
    ['pnpm install --frozen-lockfile', 'CI=1 pnpm test'],
  ],
  ['yarn', { 'package.json': NODE, 'yarn.lock': '' }, ['yarn install --frozen-lockfile', 'CI=1 yarn test']],
  [
    'a newer yarn',
    { 'package.json': NODE, 'yarn.lock': '', '.yarnrc.yml': '' },
    ['yarn install --immutable', 'CI=1 yarn test'],
  ],
  ['bun', { 'package.json': NODE, 'bun.lock': '' }, ['bun install --frozen-lockfile', 'CI=1 bun run test']],
  [
    'a monorepo',
    {
      'package.json': JSON.stringify({ workspaces: ['packages/*'], scripts: { test: 'turbo test' } }),
      'pnpm-lock.yaml': '',
      'packages/a/package.json': NODE,
    },
    ['pnpm install --frozen-lockfile', 'CI=1 pnpm test'],
  ],
  ['a Makefile', { Makefile: 'CHECK := x\nall: build\n\ntest: all\n\t./run\n' }, [undefined, 'make test']],
  ['a Makefile with check', { Makefile: 'test:\n\ncheck: test lint\n' }, [undefined, 'make check']],
  [
    'a Makefile beside packages of npm and uv',
    { Makefile: 'test:\n', 'package.json': PLACEHOLDER, 'package-lock.json': '{}', 'uv.lock': '' },
    ['npm ci && uv sync --frozen', 'make test'],
  ],
  ['a justfile beside poetry', { justfile: 'test:\n  x\n', 'poetry.lock': '' }, [POETRY, 'just test']],
  ['a justfile', { justfile: 'build:\n  x\ntest filter="":\n  y\n' }, [undefined, 'just test']],
  [
    'npm with a placeholder next to a Makefile',
    { 'package.json': PLACEHOLDER, Makefile: 'test:\n' },
    [undefined, 'make test'],
  ],
  ['tox', { 'tox.ini': '[tox]\n', 'pyproject.toml': '[project]\n' }, [undefined, 'tox']],
  ['uv', { 'uv.lock': '', 'pyproject.toml': 'dev = ["pytest"]\n' }, ['uv sync --frozen', 'uv run pytest']],
  ['poetry', { 'poetry.lock': '', 'pyproject.toml': 'pytest = "8"\n' }, [POETRY, 'poetry run pytest']],
  [
    'pytest',
    { 'pyproject.toml': '[tool.pytest.ini_options]\n' },
    ['python3 -m venv .venv && .venv/bin/pip install -q -e . pytest', '.venv/bin/python -m pytest'],
  ],
  [
    'pytest with requirements',
    { 'requirements.txt': 'pytest==8\n' },
    [
      'python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt pytest',
      '.venv/bin/python -m pytest',
    ],
  ],
  ['cargo', { 'Cargo.toml': '[package]\n' }, [undefined, 'cargo test']],
  ['go', { 'go.mod': 'module x\n' }, [undefined, 'go test ./...']],
  ['gradle', { 'build.gradle.kts': '', gradlew: '' }, [undefined, './gradlew check']],
  ['maven', { 'pom.xml': '<project/>' }, [undefined, 'mvn -B -q verify']],
  [
    'composer',
    { 'composer.json': JSON.stringify({ scripts: { test: ['@php test'] } }) },
    ['composer install --no-interaction', 'composer test'],
  ],
  ['mix', { 'mix.exs': '' }, ['mix deps.get', 'mix test']],
  ['RSpec', { Gemfile: '', 'spec/boat_spec.rb': '' }, [BUNDLER, 'bundle exec rspec']],
  ['Rails', { Gemfile: '', 'bin/rails': '', 'test/boat_test.rb': '' }, [BUNDLER, 'bin/rails test']],
  ['a gem with a Rakefile', { Gemfile: '', Rakefile: '' }, [BUNDLER, 'bundle exec rake']],
  ['a Gemfile without tests', { Gemfile: '' }, undefined],
  ['a Python project without tests', { 'pyproject.toml': '[project]\nname = "x"\n' }, undefined],
  ['a package without tests', { 'package.json': '{"name": "x"}' }, undefined],
  ['nothing', { 'README.md': '# x\n' }, undefined],
])('%s: set-up and check are proposed from existing files', async (_, files, expected) => {
  const found = await proposedFor(files);
  expect(found && [found.setup, found.check]).toEqual(expected);
});

test('a link to another folder, and anything but a file, leads to no proposal', async () => {
  await using dir = await tempDir();
  await symlink('/dev/zero', join(dir.path, 'Makefile'));
  await mkdir(join(dir.path, 'package.json'));
  expect(await proposedCommands(dir.path)).toBeUndefined();
});
