import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { proposedCommands } from '../../../../src/core/project/finding/proposed-commands.ts';
import { tempDir } from '../../../support/temp-dir.ts';

async function proposedFor(files: Readonly<Record<string, string>>) {
  await using dir = await tempDir();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  return await proposedCommands(dir.path);
}

const NODE = JSON.stringify({ scripts: { test: 'vitest' } });
const PLACEHOLDER = JSON.stringify({ scripts: { test: 'echo "Error: no test specified" && exit 1' } });

test.each<[string, Record<string, string>, [setup: string | undefined, check: string] | undefined]>([
  ['npm', { 'package.json': NODE, 'package-lock.json': '{}' }, ['npm ci', 'CI=1 npm test']],
  ['npm without a lock file', { 'package.json': NODE }, [undefined, 'CI=1 npm test']],
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
  ['a justfile', { justfile: 'build:\n  x\ntest filter="":\n  y\n' }, [undefined, 'just test']],
  [
    'npm with a placeholder next to a Makefile',
    { 'package.json': PLACEHOLDER, Makefile: 'test:\n' },
    [undefined, 'make test'],
  ],
  ['tox', { 'tox.ini': '[tox]\n', 'pyproject.toml': '[project]\n' }, [undefined, 'tox']],
  ['uv', { 'uv.lock': '', 'pyproject.toml': 'dev = ["pytest"]\n' }, ['uv sync --frozen', 'uv run pytest']],
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
