import type { SquareRow } from './play-row.ts';
import { cargo, go, goBad, goBase, node, nodeBad, nodeBase, pytest, rs, vitest, vt } from './projects.ts';

/** Ways to gut tests by what runners of Go, Rust, JavaScript and Python do. */
export const OF_RUNNERS: SquareRow[] = [
  {
    name: 'go: build tag that no build has',
    needs: 'go version',
    asks: false,
    now: 'broken',
    check: 'go test ./...',
    base: goBase,
    work: { ...goBad, 'a_test.go': `//go:build never\n\n${go('')}` },
  },
  {
    name: 'go: renamed to a file of another system',
    needs: 'go version',
    asks: false,
    now: 'broken',
    check: 'go test ./...',
    base: goBase,
    moved: [['a_test.go', 'a_plan9_test.go']],
    work: goBad,
  },
  {
    name: 'go: early return in each',
    needs: 'go version',
    asks: false,
    now: 'broken',
    check: 'go test ./...',
    base: goBase,
    work: { ...goBad, 'a_test.go': go('\n\treturn') },
  },
  {
    name: 'rust: cfg of a feature',
    needs: 'cargo --version',
    asks: false,
    now: 'broken',
    check: 'cargo test -q',
    base: { 'Cargo.toml': cargo, 'src/lib.rs': rs(1) },
    work: { 'src/lib.rs': rs(2, 'all(test, feature = "no")') },
  },
  {
    name: 'rust: Cargo.toml [lib] test = false',
    needs: 'cargo --version',
    asks: false,
    now: 'needs',
    check: 'cargo test -q',
    base: { 'Cargo.toml': cargo, 'src/lib.rs': rs(1) },
    work: { 'Cargo.toml': `${cargo}[lib]\ntest = false\ndoctest = false\n`, 'src/lib.rs': rs(2) },
  },
  {
    name: 'js: vite.config.ts excludes all (changed)',
    asks: false,
    now: 'needs',
    ...vitest(
      { 'vite.config.ts': 'export default { test: { exclude: ["**"], passWithNoTests: true } }\n' },
      { 'vite.config.ts': 'export default {}\n' },
    ),
  },
  {
    name: 'js: vite.config.ts (new)',
    asks: false,
    now: 'needs',
    ...vitest({ 'vite.config.ts': 'export default { test: { exclude: ["**"], passWithNoTests: true } }\n' }),
  },
  {
    name: 'js: vitest.workspace.ts / projects (new)',
    asks: false,
    now: 'needs',
    ...vitest({
      'vitest.config.ts':
        'export default { test: { projects: [{ test: { include: ["none"], name: "x" } }], passWithNoTests: true } }\n',
    }),
  },
  {
    name: 'js: renamed in tests/ to a name without .test',
    asks: false,
    now: 'broken',
    ...vitest({ 'tests/b.test.ts': "import { test } from 'vitest';\ntest('c', () => {});\n" }),
    moved: [['tests/a.test.ts', 'tests/a.ts']],
  },
  {
    name: 'js: returns at once',
    asks: false,
    now: 'broken',
    ...vitest({ 'tests/a.test.ts': vt(' return;') }),
  },
  {
    name: 'js: process.exit(0) first',
    ci: true,
    asks: false,
    now: 'broken',
    check: 'node --test test/',
    base: nodeBase,
    work: { ...nodeBad, 'test/a.test.js': node('process.exit(0);\n') },
  },
  {
    name: 'js: in if (false)',
    asks: false,
    now: 'broken',
    ...vitest({ 'tests/a.test.ts': vt().replace("test('a'", "if (false) test('a'") }),
  },
  {
    name: 'js: expectation replaced',
    asks: false,
    now: 'broken',
    ...vitest({ 'tests/a.test.ts': vt('', 'toBeDefined()') }),
  },
  {
    name: 'js: snapshot',
    asks: false,
    now: 'broken',
    ...vitest(
      {
        'tests/__snapshots__/a.test.ts.snap':
          '// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`a 1`] = `2`;\n',
      },
      {
        'tests/a.test.ts': vt('', 'toMatchSnapshot()'),
        'tests/__snapshots__/a.test.ts.snap':
          '// Vitest Snapshot v1, https://vitest.dev/guide/snapshot.html\n\nexports[`a 1`] = `1`;\n',
      },
    ),
    check: 'CI=1 npx vitest run',
  },
  {
    name: 'py: conftest.py (new)',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'broken',
    ...pytest({
      'conftest.py':
        'def pytest_collection_modifyitems(items):\n    items[:] = [i for i in items if "test_a" not in i.name]\n',
    }),
  },
  {
    name: 'py: tests/conftest.py (changed)',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'broken',
    ...pytest(
      {
        'tests/conftest.py':
          'import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n    return True\n',
      },
      { 'tests/conftest.py': '' },
    ),
  },
  {
    name: 'py: pyproject.toml (new) with addopts',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'needs',
    ...pytest({ 'pyproject.toml': '[tool.pytest.ini_options]\naddopts = "--collect-only"\n' }),
  },
  {
    name: 'py: setup.cfg (new)',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'needs',
    ...pytest({ 'setup.cfg': '[tool:pytest]\naddopts = --collect-only\n' }),
  },
  {
    name: 'py: tox.ini (new), which pytest reads',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'needs',
    ...pytest({ 'tox.ini': '[pytest]\naddopts = --collect-only\n' }),
  },
  {
    name: 'py: tox.ini (changed), checks name pytest alone',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'needs',
    ...pytest({ 'tox.ini': '[pytest]\naddopts = --collect-only\n' }, { 'tox.ini': '[tox]\n' }),
  },
  {
    name: 'py: pytest.py of the repository',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'needs',
    ...pytest({ 'pytest.py': '' }),
  },
  {
    name: 'py: renamed',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'broken',
    ...pytest({}),
    moved: [['tests/test_a.py', 'tests/helpers_a.py']],
  },
];
