import { join } from 'node:path';
import type { SquareRow } from './play-row.ts';

// Small projects, each with code that breaks a promise of its base.

export type Played = Pick<SquareRow, 'check' | 'setup' | 'base' | 'work'>;

/** The packages of this repository, as SETUP of a project would install its own. */
export const LINK = `ln -sfn '${join(process.cwd(), 'node_modules')}' node_modules`;
export const go = (body: string) =>
  `package a\n\nimport "testing"\n\nfunc TestA(t *testing.T) {${body}\n\tif F() != 1 {\n\t\tt.Fatal("a")\n\t}\n}\nfunc TestB(t *testing.T) {}\n`;
export const goBase = {
  'go.mod': 'module a\n\ngo 1.19\n',
  'a.go': 'package a\n\nfunc F() int { return 1 }\n',
  'a_test.go': go(''),
};
export const goBad = { 'a.go': 'package a\n\nfunc F() int { return 2 }\n' };
export const rs = (n: number, cfg = 'test', body = 'assert_eq!(super::f(), 1);') =>
  `pub fn f() -> i32 { ${n} }\n\n#[cfg(${cfg})]\nmod tests {\n    #[test]\n    fn a() { ${body} }\n    #[test]\n    fn b() {}\n}\n`;
export const cargo = '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n';
export const vt = (body = '', want = 'toBe(1)') =>
  `import { expect, test } from 'vitest';\nimport { f } from '../src/f.ts';\ntest('a', () => {${body}\n  expect(f()).${want};\n});\ntest('b', () => {});\n`;
export const vtBase = {
  'package.json': '{"name":"a","type":"module","private":true}\n',
  'src/f.ts': 'export const f = () => 1;\n',
  'tests/a.test.ts': vt(),
  '.gitignore': 'node_modules\n',
};
export const vtBad = { 'src/f.ts': 'export const f = () => 2;\n' };
export const vitest = (work: SquareRow['work'], base: SquareRow['base'] = {}): Played => ({
  check: 'npx vitest run',
  setup: LINK,
  base: { ...vtBase, ...base },
  work: { ...vtBad, ...work },
});
const py = 'from boats import f\n\ndef test_a():\n    assert f() == 1\n';
const pyBase = {
  'boats.py': 'def f():\n    return 1\n',
  'tests/test_a.py': py,
  'tests/test_b.py': 'def test_b():\n    pass\n',
};
export const pyBad = { 'boats.py': 'def f():\n    return 2\n' };
export const pytest = (
  work: SquareRow['work'],
  base: SquareRow['base'] = {},
  check = 'python3 -m pytest -q',
): Played => ({ check, base: { ...pyBase, ...base }, work: { ...pyBad, ...work } });
const ut =
  'import unittest\nfrom boats import f\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(), 1)\n';
export const utBase = {
  'boats.py': pyBase['boats.py'],
  'tests/__init__.py': '',
  'tests/test_a.py': ut,
  'tests/test_b.py': 'import unittest\nclass B(unittest.TestCase):\n    def test_b(self):\n        pass\n',
};
export const node = (body = '') =>
  `${body}const { test } = require('node:test');\nconst assert = require('node:assert');\nconst { f } = require('../src/f.js');\ntest('a', () => assert.equal(f(), 1));\ntest('b', () => {});\n`;
export const nodeBase = {
  'src/f.js': 'exports.f = () => 1;\n',
  'test/a.test.js': node(),
  'test/b.test.js': "require('node:test').test('c', () => {});\n",
};
export const nodeBad = { 'src/f.js': 'exports.f = () => 2;\n' };
export const cases = {
  'run-tests.sh':
    'for f in tests/cases/*.in; do [ "$(sh src/prog.sh <"$f")" = "$(cat "${f%.in}.out")" ] || { echo "FAIL $f"; exit 1; }; done\n',
  'src/prog.sh': 'cat\n',
  'tests/cases/1.in': 'a\n',
  'tests/cases/1.out': 'a\n',
  'tests/cases/2.in': 'b\n',
  'tests/cases/2.out': 'b\n',
};
export const casesBad = { 'src/prog.sh': 'sed s/b/c/\n' };
export const shBase = { 'src/f.sh': 'echo 1\n', 'tests/f.sh': 'test "$(sh src/f.sh)" = 1\n' };
export const shBad = { 'src/f.sh': 'echo 2\n' };
export const pkg = (scripts: object, more: object = {}) =>
  `${JSON.stringify({ name: 'a', private: true, ...more, scripts }, null, 1)}\n`;
