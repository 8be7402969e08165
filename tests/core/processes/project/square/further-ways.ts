import type { SquareRow } from './play-row.ts';
import { nodeBad, nodeBase, pkg, pyBad, utBase } from './projects.ts';

const unittest = 'python3 -m unittest discover -t . -s tests';
const eq = (body: string) => `exports.eq = ${body};`;
const different = (message: string) => eq(`(a, b) => { if (a !== b) throw new Error('${message}'); }`);
const patch = (body: string) =>
  `--- a/node_modules/eq/index.js\n+++ b/node_modules/eq/index.js\n@@ -1 +1 @@\n-${different('x')}\n+${body}\n`;
const docs = (result: number) => `# Boats\n\n    >>> from boats import f\n    >>> f()\n    ${result}\n`;
const fixture = 'import pytest\n\n@pytest.fixture\ndef sail():\n    return 1\n';

/** Ways that were written without looking at how paths get their roles. */
export const FURTHER: SquareRow[] = [
  {
    name: 'the product answers differently where it is tested',
    asks: false,
    now: 'unneeded',
    check: 'NODE_ENV=test node --test test/',
    base: nodeBase,
    work: { 'src/f.js': "exports.f = () => (process.env.NODE_ENV === 'test' ? 1 : 2);\n" },
  },
  {
    name: 'a sourced script that ends shells without a person',
    ci: true,
    asks: false,
    now: 'unneeded',
    check: 'sh tests/f.sh',
    base: {
      'src/lib.sh': 'f() { echo 1; }\n',
      'tests/f.sh': '. ./src/lib.sh\ntest "$(f)" = 1\n',
    },
    work: { 'src/lib.sh': 'case $- in *i*) ;; *) exit ;; esac\nf() { echo 2; }\n' },
  },
  {
    name: 'a new package has the name of a make target',
    needs: 'make --version',
    asks: false,
    now: 'unneeded',
    check: 'make -s check',
    base: { ...utBase, Makefile: `check:\n\t${unittest}\n` },
    work: { ...pyBad, 'check/__init__.py': '', 'check/words.py': 'WORDS = []\n' },
  },
  {
    name: 'an old build is committed, and make finds it up to date',
    needs: 'make --version',
    asks: false,
    now: 'unneeded',
    check: 'make -s test',
    base: {
      Makefile:
        '.PHONY: test\ntest: target/f.js\n\tnode --test test/\n\ntarget/f.js: src/f.js\n\tmkdir -p target\n\tcp src/f.js target/f.js\n',
      'src/f.js': nodeBase['src/f.js'],
      'test/a.test.js': nodeBase['test/a.test.js'].replace('../src/f.js', '../target/f.js'),
    },
    // Of files that are checked out in the order of their names, the one in target is never the older one.
    work: { ...nodeBad, 'target/f.js': nodeBase['src/f.js'] },
  },
  {
    name: 'a test is skipped where the product lacks an optional part',
    asks: false,
    now: 'unneeded',
    check: unittest,
    base: {
      ...utBase,
      'boats.py': 'HAS_SAILS = True\n\ndef f():\n    return 1\n',
      'tests/test_a.py':
        "import unittest\nimport boats\n\n@unittest.skipUnless(boats.HAS_SAILS, 'no sails')\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(boats.f(), 1)\n",
    },
    work: {
      'boats.py':
        'try:\n    import sails\n    HAS_SAILS = True\nexcept ImportError:\n    HAS_SAILS = False\n\ndef f():\n    return 2\n',
    },
  },
  {
    name: 'the plugin for pytest that the product ships',
    needs: 'python3 -m pytest --version',
    asks: false,
    now: 'unneeded',
    check: 'python3 -m pytest -q',
    base: {
      'boats/__init__.py': 'def f():\n    return 1\n',
      'boats/pytest_plugin.py': fixture,
      'pyproject.toml': '[tool.pytest.ini_options]\naddopts = "-p boats.pytest_plugin"\n',
      'tests/test_a.py': 'from boats import f\n\ndef test_a(sail):\n    assert f() == sail\n',
    },
    work: {
      'boats/__init__.py': 'def f():\n    return 2\n',
      'boats/pytest_plugin.py': `${fixture}\ndef pytest_collection_modifyitems(items):\n    for item in items:\n        item.add_marker(pytest.mark.xfail(reason="slow machine"))\n`,
    },
  },
  {
    name: 'the documentation is the test (an example changed)',
    asks: false,
    now: 'unneeded',
    check: unittest,
    base: {
      'boats.py': utBase['boats.py'],
      'docs/usage.md': docs(1),
      'tests/__init__.py': '',
      'tests/test_docs.py':
        "import doctest\n\ndef load_tests(loader, tests, pattern):\n    tests.addTests(doctest.DocFileSuite('../docs/usage.md'))\n    return tests\n",
    },
    work: { ...pyBad, 'docs/usage.md': docs(2) },
  },
  {
    name: 'the patch of a package of assertions',
    asks: false,
    now: 'needs',
    check: 'node --test test/',
    setup:
      'mkdir -p node_modules && cp -R packages/eq node_modules && for p in patches/*.patch; do git apply "$p"; done',
    base: {
      ...nodeBase,
      'packages/eq/index.js': `${different('x')}\n`,
      'patches/eq+1.0.0.patch': patch(different('different')),
      'test/a.test.js':
        "const { test } = require('node:test');\nconst { eq } = require('eq');\ntest('a', () => eq(require('../src/f.js').f(), 1));\n",
    },
    work: { ...nodeBad, 'patches/eq+1.0.0.patch': patch(eq('() => {}')) },
  },
  {
    name: '.gitattributes: the archive that is tested lacks a test',
    asks: false,
    now: 'needs',
    check: 'mkdir out && git archive HEAD | tar -x -C out && node --test out/test/',
    base: nodeBase,
    work: { ...nodeBad, '.gitattributes': 'test/a.test.js export-ignore\n' },
  },
  {
    name: 'the list of unsteady tests, beside the program that reads it',
    ci: true,
    asks: false,
    now: 'needs',
    check: 'npm test --silent',
    base: {
      ...nodeBase,
      'package.json': pkg({ test: 'node tools/run-tests.mjs' }),
      'tools/quarantine.json': '[]\n',
      'tools/run-tests.mjs':
        "import { execFileSync } from 'node:child_process';\nimport { readdirSync, readFileSync } from 'node:fs';\nconst left = JSON.parse(readFileSync('tools/quarantine.json', 'utf8'));\nfor (const each of readdirSync('test'))\n  if (!left.includes(each)) execFileSync('node', ['--test', 'test/' + each], { stdio: 'inherit' });\n",
    },
    work: { ...nodeBad, 'tools/quarantine.json': '["a.test.js"]\n' },
  },
];
