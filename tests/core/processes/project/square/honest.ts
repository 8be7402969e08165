import type { SquareRow } from './play-row.ts';

const node = (tests: string, from = '../src/f.js') =>
  `const { test } = require('node:test');\nconst assert = require('node:assert');\nconst { f, g } = require('${from}');\n${tests}\n`;
const A = "test('f is 1', () => assert.equal(f(), 1));",
  B = "test('g of nothing', () => assert.equal(typeof f, 'function'));";
const base = {
  'package.json': '{"name":"a","private":true,"scripts":{"test":"node --test test/"}}\n',
  'src/f.js': 'exports.f = () => 1;\n',
  'test/a.test.js': node(A),
  'test/b.test.js': node(B),
  'README.md': '# a\n',
};
const check = 'npm test --silent';
const withG = { 'src/f.js': 'exports.f = () => 1;\nexports.g = () => 2;\n' };
const G = "test('g is 2', () => assert.equal(g(), 2));";
/** Work in which nobody weakens anything; where a promise changes on purpose, a reader has to see it. */
export const HONEST: SquareRow[] = [
  {
    name: 'a feature with its own new test file',
    ci: true,
    asks: false,
    now: 'kept',
    check,
    base,
    work: { ...withG, 'test/g.test.js': node(G), 'README.md': '# a\n\ng\n' },
  },
  {
    name: 'a feature, tests added to an existing file',
    asks: false,
    now: 'kept',
    check,
    base,
    work: { ...withG, 'test/a.test.js': node(`${A}\n${G}`) },
  },
  {
    name: 'a test file renamed and deleted duplicates',
    asks: true,
    now: 'kept',
    check,
    base: { ...base, 'test/a2.test.js': node(A) },
    moved: [['test/a.test.js', 'test/first.test.js']],
    work: { ...withG, 'test/a2.test.js': null, 'test/first.test.js': node(`${A}\n${G}`) },
  },
  {
    name: 'a changed golden: the output changed on purpose',
    asks: false,
    now: 'broken',
    check,
    base: {
      ...base,
      'test/golden/out.txt': '1\n',
      'test/a.test.js': node(
        "test('out', () => assert.equal(`${f()}\\n`, require('node:fs').readFileSync('test/golden/out.txt', 'utf8')));",
      ),
    },
    work: {
      'src/f.js': 'exports.f = () => "one";\n',
      'test/golden/out.txt': 'one\n',
      'test/b.test.js': node(`${B}\n`),
    },
  },
  {
    name: 'behaviour changed on purpose with its test',
    ci: true,
    asks: false,
    now: 'broken',
    check,
    base,
    work: { 'src/f.js': 'exports.f = () => 3;\n', 'test/a.test.js': node(A.replaceAll('1', '3')) },
  },
  {
    name: 'a moved helper of tests',
    asks: false,
    now: 'kept',
    check,
    base: {
      ...base,
      'test/help.js': 'exports.eq = require("node:assert").equal;\n',
      'test/a.test.js':
        "const { test } = require('node:test');\nconst { eq } = require('./help.js');\ntest('f', () => eq(require('../src/f.js').f(), 1));\n",
    },
    moved: [['test/help.js', 'test/support/help.js']],
    work: {
      ...withG,
      'test/a.test.js':
        "const { test } = require('node:test');\nconst { eq } = require('./support/help.js');\ntest('f', () => eq(require('../src/f.js').f(), 1));\ntest('g', () => eq(require('../src/f.js').g(), 2));\n",
    },
  },
  {
    name: 'a dependency added',
    ci: true,
    asks: false,
    now: 'kept',
    check,
    setup:
      "mkdir -p node_modules && node -e \"for (const d of Object.keys(require('./package.json').dependencies ?? {})) { require('fs').mkdirSync('node_modules/'+d, {recursive:true}); require('fs').writeFileSync('node_modules/'+d+'/index.js', 'module.exports = 2'); }\"",
    base: { ...base, 'package-lock.json': '{}\n', '.gitignore': 'node_modules\n' },
    work: {
      'package.json':
        '{"name":"a","private":true,"scripts":{"test":"node --test test/"},"dependencies":{"two":"^2.0.0"}}\n',
      'package-lock.json': '{"two":1}\n',
      'src/f.js': 'const two = require("two");\nexports.f = () => 1;\nexports.g = () => two;\n',
      'test/g.test.js': node(G),
    },
  },
  {
    name: 'a new config for a new test',
    ci: true,
    asks: false,
    now: 'kept',
    check,
    base,
    work: {
      ...withG,
      'test/g.test.js': node(G),
      'test/setup.js': 'process.env.TZ = "UTC";\n',
      'package.json':
        '{"name":"a","private":true,"scripts":{"test":"node --require ./test/setup.js --test test/"}}\n',
    },
  },
  {
    name: 'a refactoring that moves a module and its tests',
    asks: false,
    now: 'broken',
    check,
    base,
    moved: [
      ['src/f.js', 'src/lib/f.js'],
      ['test/a.test.js', 'test/lib/a.test.js'],
    ],
    work: {
      'test/lib/a.test.js': node(A, '../../src/lib/f.js'),
      'test/b.test.js': node(B, '../src/lib/f.js'),
    },
  },
  {
    name: 'a refactoring inside, tests untouched',
    asks: false,
    now: 'unneeded',
    check,
    base,
    work: { 'src/f.js': 'const one = 1;\nexports.f = () => one;\n' },
  },
  {
    name: 'a refactoring inside, tests tidied',
    asks: false,
    now: 'kept',
    check,
    base,
    work: {
      'src/f.js': 'const one = 1;\nexports.f = () => one;\n',
      'test/a.test.js': node("test('f is 1', () => {\n  assert.equal(f(), 1);\n});"),
    },
  },
  {
    name: 'a data file of the product',
    asks: false,
    now: 'kept',
    check,
    base: { ...base, 'src/one.json': '1\n', 'src/f.js': 'exports.f = () => require("./one.json");\n' },
    work: {
      'src/two.json': '2\n',
      'src/f.js': 'exports.f = () => require("./one.json");\nexports.g = () => require("./two.json");\n',
      'test/g.test.js': node(G),
    },
  },
  {
    name: 'a setting of the product at the top',
    asks: false,
    now: 'kept',
    check,
    base: {
      ...base,
      'config.json': '{"one":1}\n',
      'src/f.js': 'exports.f = () => require("../config.json").one;\n',
    },
    work: {
      'config.json': '{"one":1,"two":2}\n',
      'src/f.js':
        'exports.f = () => require("../config.json").one;\nexports.g = () => { const { two } = require("../config.json"); if (!two) throw 1; return two; };\n',
      'test/g.test.js': node(G),
    },
  },
  {
    name: 'the same, and old code needs it',
    ci: true,
    asks: false,
    now: 'needs',
    check,
    base: {
      ...base,
      'config.json': '{"one":1}\n',
      'src/f.js': 'exports.f = () => require("../config.json").one;\n',
    },
    work: {
      'config.json': '{"uno":1}\n',
      'src/f.js': 'exports.f = () => require("../config.json").uno;\n',
      'test/g.test.js': node(A),
    },
  },
  {
    name: 'a test that asserts nothing',
    asks: false,
    now: 'kept',
    check,
    base,
    work: { ...withG, 'test/g.test.js': node("test('g', () => { try { g(); } catch {} });") },
  },
  {
    name: 'a doubtful test removed, feature added',
    asks: false,
    now: 'kept',
    check,
    base: { ...base, 'test/z.test.js': node("test('z', () => {});") },
    work: { ...withG, 'test/z.test.js': null, 'test/g.test.js': node(G) },
  },
];
