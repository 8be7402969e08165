import { describe, expect, test } from 'vitest';
import {
  activeTests,
  type ChangedFile,
  findWeakened,
  isTestPath,
  listedWeakenings,
} from '../../../../src/core/project/proving/weakened.ts';

/** The findings, one line each. */
const found = (file: ChangedFile) => findWeakened([file]).map(({ path, what }) => `${path} ${what}`);

const changed = (path: string, before: string, after: string): ChangedFile => ({ path, before, after });

const TWO = "test('adds', () => {\n  expect(1 + 1).toBe(2);\n});\ntest('takes', () => {});\n";

/** One test of each kind, and lines that disable it or the others. */
const MARKS: readonly (readonly [path: string, whole: string, marked: readonly string[]])[] = [
  [
    'a.test.js',
    "it('x', f)\n",
    [
      "it.skip('x', f)",
      "xit('x', f)",
      "xdescribe('x', f)",
      "it.todo('x')",
      "it.only('x', f)",
      "fit('x', f)",
      "describe.only('x', f)",
      "test.failing('x', f)",
      "test.skipIf(ci)('x', f)",
      "test.runIf(no)('x', f)",
      "test('x', { skip: true }, f)",
      "test('x', (ctx) => ctx.skip())",
      "test.concurrent.only('x', f)",
      "it('x', function () { this.skip(); })",
      "context.skip('x', f)",
      "test.fixme('x', f)",
      "test.describe.skip('x', f)",
      "test('x', { skip: 'later' }, f)",
      "test('x', { only: true }, f)",
      "// it('x', f)",
      "/*\nit('x', f)\n*/",
    ],
  ],
  [
    'tests/test_a.py',
    'def test_x():\n    assert f()\n',
    [
      '@pytest.mark.skip\ndef test_x():',
      '@pytest.mark.skipif(True, reason="")\ndef test_x():',
      '@pytest.mark.xfail\ndef test_x():',
      'def test_x():\n    pytest.skip("later")',
      'pytestmark = pytest.mark.skip\ndef test_x():',
      '@unittest.skip("later")\ndef test_x(self):',
      '@skipIf(True, "")\ndef test_x(self):',
      'def test_x(self):\n    self.skipTest("later")',
      '"""\ndef test_x():\n"""',
    ],
  ],
  ['a_test.go', 'func TestX(t *testing.T) {\n}\n', ['func TestX(t *testing.T) {\n\tt.Skip("later")']],
  [
    'src/a.rs',
    '#[test]\nfn x() {}\n',
    ['#[test]\n#[ignore]\nfn x() {}', '#[test]\n#[ignore = "x"]\nfn x() {}'],
  ],
  [
    'src/test/java/ATest.java',
    '@Test\nvoid x() {}\n',
    ['@Disabled\n@Test\nvoid x() {}', '@Ignore\n@Test\nvoid x() {}', '@Test(enabled = false)\nvoid x() {}'],
  ],
  [
    'spec/a_spec.rb',
    "it 'x' do\nend\n",
    ["xit 'x' do", "it 'x', skip: true do", "it 'x', :skip do", "fit 'x' do", "fdescribe 'x' do\nit 'x' do"],
  ],
  [
    'tests/ATest.php',
    'public function testX() {}\n',
    ['public function testX() { $this->markTestSkipped(); }'],
  ],
  ['ATests.cs', '[Fact]\npublic void X() {}\n', ['[Fact(Skip = "later")]\npublic void X() {}']],
];

const MARKED = MARKS.flatMap(([path, whole, lines]) =>
  lines.map((line) => [line.replaceAll('\n', ' '), path, whole, line] as const),
);

describe('tests of the base that no longer run are reported', () => {
  test.each(MARKED)('by %s', (_, path, whole, marked) => {
    expect(found(changed(path, whole, marked))).toEqual([`${path} runs 0 tests instead of 1`]);
  });

  test.each(MARKED)('but not tests that did not run before: %s', (_, path, __, marked) => {
    expect(found(changed(path, marked, `${marked}\n`))).toEqual([]);
  });

  test('even if their group is skipped, or other tests are added', () => {
    const group = `describe.skip('all', () => {\n${TWO}});\n`;
    expect(found(changed('a.test.ts', TWO, group))).toEqual(['a.test.ts runs 1 tests instead of 2']);
    const only = `${TWO}test.only('easy', () => {});\n`;
    expect(found(changed('a.test.ts', TWO, only))).toEqual(['a.test.ts runs 0 tests instead of 2']);
  });

  test.each<[string, ChangedFile, string]>([
    ['deleted', { path: 'tests/a.test.ts', before: TWO, after: undefined }, 'tests/a.test.ts is deleted'],
    ['a helper deleted', { path: 'tests/run.sh', before: 'x', after: undefined }, 'tests/run.sh is deleted'],
    ['a job of CI deleted', { path: '.github/workflows/ci.yml', before: 'x', after: undefined }, 'deleted'],
    ['emptied', changed('a.test.ts', TWO, '\n'), 'a.test.ts is empty'],
    ['commented out', changed('a.test.ts', TWO, TWO.replace(/^/gm, '// ')), 'runs 0 tests instead of 2'],
    [
      'one of two tests deleted',
      changed('a.test.ts', TWO, TWO.split('\n').slice(0, 3).join('\n')),
      'runs 1 tests instead of 2',
    ],
    [
      'renamed away',
      { path: 'attic/a.txt', oldPath: 'a.test.ts', before: TWO, after: TWO },
      'a.test.ts is renamed to attic/a.txt',
    ],
    [
      'replaced with a link',
      { path: 'a.test.ts', before: TWO, after: undefined, isLink: true },
      'a.test.ts is replaced by a link',
    ],
    [
      'next to the code',
      changed('src/a.rs', '#[test]\nfn x() {}\nfn f() {}', 'fn f() {}'),
      'src/a.rs runs 0 tests instead of 1',
    ],
    [
      'too large',
      { path: 'a.test.ts', before: TWO, after: '', isUnread: true },
      'is too large to be compared',
    ],
  ])('%s', (_, file, line) => {
    expect(found(file)).toEqual([expect.stringContaining(line)]);
  });
});

describe('an honest change is not reported', () => {
  test.each([
    ['an added test', `${TWO}test('more', () => {});\n`],
    ['tests in a group', `describe('all', () => {\n${TWO.replace(/^/gm, '  ')}});\n`],
    ['a name that only ends like a marker', `${TWO}exit(1); unit.test.skipped; array.only; skipBlank(x);\n`],
    ['a title with a marker', TWO.replace('takes', 'only skips what is to be ignored')],
    ['a marker in a comment', `${TWO}// it.skip('x')\n/*\n it.only('x')\n*/\n`],
    ['a skipped test added next to the others', `${TWO}test.skip('more', () => {});\n`],
    ['an option that is false', `${TWO}test('more', { skip: false }, f)\n`],
    ['CRLF', TWO.replaceAll('\n', '\r\n')],
    ['an assertion', TWO.replace('toBe(2)', 'toEqual(2)')],
  ])('%s', (_, after) => {
    expect(found(changed('a.test.ts', TWO, after))).toEqual([]);
  });

  test.each<[string, ChangedFile]>([
    ['a new test file', { path: 'b.test.ts', before: undefined, after: `${TWO}test.skip('x', f)` }],
    ['another name', { path: 'tests/b.test.ts', oldPath: 'a.test.ts', before: TWO, after: TWO }],
    ['product code', changed('src/queue.ts', "it('x', f)", 'queue.only(y)')],
    ['deleted code without tests', { path: 'src/a.rs', before: 'fn f() {}', after: undefined }],
    ['a shared test helper', changed('tests/conftest.py', 'a = 1', 'a = 2')],
    ['a CI job', changed('.github/workflows/ci.yml', 'a', 'b')],
  ])('%s', (_, file) => {
    expect(found(file)).toEqual([]);
  });
});

test('the same weakening has the same key, and a worse one has another', () => {
  const keyOf = (file: ChangedFile) => findWeakened([file]).map(({ key }) => key);
  const skips = (count: number) => {
    const skipped = "test.skip('x', f);\n".repeat(count);
    return keyOf(
      changed('a.test.ts', "test('x', f);\n".repeat(9), `${skipped}${"test('x', f);\n".repeat(9 - count)}`),
    );
  };
  expect(skips(2)).toEqual(skips(2));
  expect(skips(2)).not.toEqual(skips(3));
});

test('a list of weakened files that is too long to be asked about counts all, and changes with each', () => {
  const found = Array.from({ length: 1500 }, (_, at) => ({
    path: `${at}`,
    what: 'is deleted',
    key: `${at}`,
  }));
  expect(listedWeakenings(found.slice(0, 1000))).toEqual(found.slice(0, 1000));
  const listed = listedWeakenings(found);
  expect(listed).toHaveLength(1000);
  expect(listed[0]).toMatchObject({
    path: '999',
    what: 'is deleted, and 500 more files are changed that define what checks prove',
  });
  expect(listed.slice(1)).toEqual(found.slice(0, 999));
  const others = found.map((each, at) => (at === 1499 ? { ...each, key: 'other' } : each));
  expect(listedWeakenings(others)[0]?.key).not.toBe(listed[0]?.key);
});

test('tests are recognized by their folder or name, if they are code', () => {
  const tests = [
    'tests/a.ts',
    'a.spec.rb',
    'test_a.py',
    'a_test.go',
    'src/ATest.kt',
    'e2e/run.sh',
    'test.js',
  ];
  expect(tests.filter((path) => !isTestPath(path))).toEqual([]);
  const others = ['tests/data.json', 'latest.ts', 'src/contest.py', 'docs/test.md', 'tests/README.md'];
  expect(others.filter(isTestPath)).toEqual([]);
});

test.each(['/*\n', '"""\n', '\n', '[\n', 'test.', 'self.', '(\n', 'it ', '{ skip\n', '@a.'])(
  'a megabyte of %j is counted without delay',
  (part) => {
    expect(activeTests(part.repeat(1_000_000 / part.length))).toBeGreaterThanOrEqual(0);
  },
);
