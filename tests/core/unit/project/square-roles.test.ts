import { expect, test } from 'vitest';
import { onlyGained } from '../../../../src/core/project/proving/added-dependencies.ts';
import { roleOf, wordsReached } from '../../../../src/core/project/proving/square-roles.ts';

const SCRIPTS = JSON.stringify({
  scripts: { check: 'npm run unit', unit: 'node tools/all && python3 -m shop.check' },
});
const words = wordsReached(
  ['npm run check', 'cd ci && sh each.sh', 'python3 -m unittest', 'make test'],
  SCRIPTS,
);
const folders = new Set(['src', 'shop', 'packages/a/src']);

test.each<[string, string[]]>([
  [
    'tests',
    ['t/02.t', 'tests/cases/2.in', 'src/__snapshots__/a.snap', 'a_test.go', 'conftest.py', 'x.robot'],
  ],
  // What the machine of a test need not have: Gradle, .NET, Turborepo, pre-commit, Ruff.
  ['unknown', ['build.gradle', 'app.sln', 'turbo.json', '.pre-commit-config.yaml', 'ruff.toml']],
  [
    'unknown',
    ['Makefile', 'sub/GNUmakefile', 'vite.config.ts', 'src/.env', 'package.json', 'tsconfig.json', '.npmrc'],
  ],
  // Named by a command, or by a script that one reaches.
  ['unknown', ['unittest.py', 'tools/all.js', 'shop/check.py', 'x/each.sh', 'unit.ts', 'make.js']],
  ['unknown', ['scripts/a.ts', '.github/workflows/ci.yml', 'setup.py', 'settings.py', 'data.json']],
  [
    'product',
    ['src/a.ts', 'src/profile.ts', 'src/config.ts', 'shop/settings.py', 'lib/x.rs', 'src/data.json'],
  ],
  ['product', ['README.md', 'docs/guide.md', 'src/x/y.css', 'packages/a/src/i18n/de.yml']],
])('%s: %j', (role, paths) => {
  expect(paths.map((path) => [path, roleOf(path, { words, folders })])).toEqual(
    paths.map((path) => [path, role]),
  );
});

const json = (more: object) => JSON.stringify({ name: 'a', scripts: { test: 'vitest' }, ...more });
const gains = (path: string, before: string, after: string) =>
  onlyGained([{ path, before, after }], new Set(['vitest'])).length > 0;
const TOML = '[project]\nname = "a"\ndependencies = [\n  "b",\n]\n';

test.each<[string, boolean, string, string]>([
  ['package.json', true, json({}), json({ devDependencies: { b: '1' } })],
  ['package.json', false, json({ dependencies: { b: '1' } }), json({ dependencies: { b: '2' } })],
  ['package.json', false, json({}), json({ devDependencies: { vitest: 'file:mine' } })],
  ['package.json', false, json({}), json({ dependencies: { b: '1' }, scripts: { test: 'true' } })],
  ['package.json', false, json({}), json({ overrides: { vitest: '1' } })],
  ['requirements-dev.txt', true, 'a==1\n', 'a==1\nb==2\n'],
  ['requirements-dev.txt', false, 'a==1\n', 'a==2\n'],
  ['pyproject.toml', true, TOML, TOML.replace('  "b",\n', '  "b",\n  "c",\n')],
  ['pyproject.toml', false, TOML, `${TOML}[tool.pytest.ini_options]\naddopts = "--collect-only"\n`],
  ['Cargo.toml', true, '[dependencies]\na = "1"\n', '[dependencies]\na = "1"\nb = "1"\n'],
  ['Cargo.toml', false, '[dependencies]\na = "1"\n', '[dependencies]\na = "1"\n[lib]\ntest = false\n'],
  // Alone, a lock file says which runner there is.
  ['package-lock.json', false, '{}', '{"a":1}'],
])('%s gained dependencies and nothing else: %s', (path, gained, before, after) => {
  expect(gains(path, before, after)).toBe(gained);
});

test('a lock file goes with the manifest beside it that gained a dependency', () => {
  const gained = { path: 'a/package.json', before: json({}), after: json({ dependencies: { b: '1' } }) };
  const lock = { path: 'a/package-lock.json', before: '{}', after: '{"b":1}' };
  const other = { ...lock, path: 'package-lock.json' };
  expect(onlyGained([lock, other, gained], words)).toEqual([gained, lock]);
});
