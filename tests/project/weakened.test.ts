import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChangedFile, findWeakened, isTestPath } from '../../src/project/proving/weakened.ts';
import { DIALECTS } from '../../src/project/proving/weakened-marks.ts';
import { reachOf } from '../../src/project/proving/weakened-reach.ts';

const NOTHING = { scripts: new Set<string>(), words: new Set<string>() };

interface Settings {
  words?: string[];
  scripts?: string[];
  excused?: string[];
  hasTests?: boolean;
}

/** What is found, a line each. */
function found(
  files: readonly ChangedFile[],
  { words = [], scripts = [], excused = [], hasTests = true }: Settings = {},
) {
  const reach = { scripts: new Set(scripts), words: new Set(words) };
  return findWeakened({ files, reach, hasTests, excused }).map(({ path, what }) => `${path} ${what}`);
}

const changed = (path: string, before: string, after: string): ChangedFile => ({ path, before, after });

const TWO = "test('adds', () => {\n  expect(1 + 1).toBe(2);\n});\ntest('takes', () => {});\n";

/** Of each framework: a test file, a test in it, and lines by which it does not run, or the others do not. */
const FRAMEWORKS: readonly [name: string, path: string, whole: string, marked: readonly string[]][] = [
  [
    'Jest',
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
    ],
  ],
  [
    'Vitest',
    'src/a.spec.ts',
    "test('x', f)\n",
    [
      "test.skip('x', f)",
      "test.skipIf(ci)('x', f)",
      "test.runIf(no)('x', f)",
      "describe.skip('x', f)",
      "test('x', { skip: true }, f)",
      "test('x', (ctx) => ctx.skip())",
      "test.concurrent.only('x', f)",
    ],
  ],
  [
    'Mocha',
    'test/a.js',
    "it('x', f)\n",
    [
      "it('x', function () { this.skip(); })",
      "xcontext('x', f)",
      "context.skip('x', f)",
      "specify.only('x', f)",
    ],
  ],
  [
    'Playwright',
    'e2e/a.spec.ts',
    "test('x', f)\n",
    ["test.fixme('x', f)", "test.describe.skip('x', f)", "test.fail('x', f)", "test.describe.only('x', f)"],
  ],
  [
    'node:test',
    'test/a.mjs',
    "test('x', f)\n",
    [
      "test('x', { skip: 'later' }, f)",
      "test('x', { todo: true }, f)",
      "test('x', (t) => t.skip())",
      "test('x', { only: true }, f)",
    ],
  ],
  [
    'pytest',
    'tests/test_a.py',
    'def test_x():\n    assert f()\n',
    [
      '@pytest.mark.skip\ndef test_x():',
      '@pytest.mark.skipif(True, reason="")\ndef test_x():',
      '@pytest.mark.xfail\ndef test_x():',
      'def test_x():\n    pytest.skip("later")',
      'pytestmark = pytest.mark.skip\ndef test_x():',
    ],
  ],
  [
    'unittest',
    'a_test.py',
    'def test_x(self):\n    pass\n',
    [
      '@unittest.skip("later")\ndef test_x(self):',
      '@unittest.expectedFailure\ndef test_x(self):',
      '@skipIf(True, "")\ndef test_x(self):',
      'def test_x(self):\n    self.skipTest("later")',
    ],
  ],
  [
    'Go testing',
    'a_test.go',
    'func TestX(t *testing.T) {\n}\n',
    [
      'func TestX(t *testing.T) {\n\tt.Skip("later")',
      'func TestX(t *testing.T) {\n\tt.SkipNow()',
      '//go:build ignore\nfunc TestX(t *testing.T) {',
      'func TestX(t *testing.T) {\n\tFIt("x", f)',
      'func TestX(t *testing.T) {\n\tPDescribe("x", f)',
    ],
  ],
  [
    'Rust',
    'src/a.rs',
    '#[test]\nfn x() {}\n',
    [
      '#[test]\n#[ignore]\nfn x() {}',
      '#[test]\n#[ignore = "later"]\nfn x() {}',
      '#[cfg(any())]\n#[test]\nfn x() {}',
    ],
  ],
  [
    'JUnit',
    'src/test/java/ATest.java',
    '@Test\nvoid x() {}\n',
    [
      '@Disabled\n@Test\nvoid x() {}',
      '@Ignore\n@Test\nvoid x() {}',
      '@Test(enabled = false)\nvoid x() {}',
      '@Test\n@EnabledIfSystemProperty(named = "x", matches = "y")\nvoid x() {}',
    ],
  ],
  [
    'RSpec',
    'spec/a_spec.rb',
    "it 'x' do\nend\n",
    [
      "xit 'x' do",
      "it 'x', skip: true do",
      "it 'x', :skip do",
      "pending 'x' do\nend\nit 'x' do",
      "fit 'x' do",
      "it 'x', focus: true do",
      "fdescribe 'x' do\nit 'x' do",
    ],
  ],
  [
    'PHPUnit',
    'tests/ATest.php',
    'public function testX() {}\n',
    [
      'public function testX() { $this->markTestSkipped(); }',
      'public function testX() { $this->markTestIncomplete("x"); }',
    ],
  ],
  ['xUnit', 'ATests.cs', '[Fact]\npublic void X() {}\n', ['[Fact(Skip = "later")]\npublic void X() {}']],
  [
    'NUnit',
    'ATest.cs',
    '[Test]\npublic void X() {}\n',
    [
      '[Test, Ignore("later")]\npublic void X() {}',
      '[Explicit]\n[Test]\npublic void X() {}',
      '[Test]\npublic void X() { Assert.Inconclusive(); }',
    ],
  ],
];

const MARKED = FRAMEWORKS.flatMap(([name, path, whole, lines]) =>
  lines.map((line) => {
    const text =
      /describe|context/i.test(line) && !line.startsWith('func') ? `${line}\n${whole}` : `${line}\n`;
    return [`${name}: ${line.replaceAll('\n', ' ')}`, path, whole, text] as const;
  }),
);

describe('a mark that comes to a test is found', () => {
  test.each(MARKED)('%s', (_, path, whole, marked) => {
    expect(found([changed(path, whole, marked)])).toEqual([
      expect.stringMatching(/ (?:skips|runs only some) tests: /),
    ]);
  });

  test.each(MARKED)('also in a new file: %s', (_, path, __, marked) => {
    expect(found([{ path, before: undefined, after: marked }])).toHaveLength(1);
  });

  test.each(MARKED)('and one that was there before is not found: %s', (_, path, __, marked) => {
    expect(found([changed(path, marked, `${marked}\n`)])).toEqual([]);
  });

  test('and one that is only indented anew is not found', () => {
    const skipped = `${TWO}it.skip('x', f)\n`;
    expect(found([changed('a.test.ts', skipped, skipped.replace(/^/gm, '  '))])).toEqual([]);
  });

  test('the frameworks above are among those of the list', () => {
    const listed = DIALECTS.flatMap(({ frameworks }) => frameworks);
    expect(FRAMEWORKS.map(([name]) => name).filter((name) => !listed.includes(name))).toEqual([]);
  });
});

describe('what is not a mark is not found', () => {
  test.each([
    ['a test that is added', 'a.test.ts', `${TWO}test('more', () => {});\n`],
    ['a name that only ends like one', 'a.test.ts', `${TWO}exit(1); unit.test.skipped; array.only;\n`],
    ['a mark in a comment', 'a.test.ts', `${TWO}// it.skip('x')\n/*\n it.only('x')\n*/\n`],
    ['an option that says no', 'a.test.ts', `${TWO}test('more', { skip: false }, f)\n`],
    ['CRLF', 'a.test.ts', TWO.replaceAll('\n', '\r\n')],
    ['an assertion', 'a.test.ts', TWO.replace('toBe(2)', 'toEqual(2)')],
  ])('%s', (_, path, after) => {
    expect(found([changed(path, TWO, after)])).toEqual([]);
  });

  test('product code is not looked at', () => {
    expect(found([changed('src/queue.ts', 'x', 'queue.only(y); const a = { skip: true };')])).toEqual([]);
  });
});

describe('a test that is gone is found', () => {
  test.each<[string, ChangedFile, string]>([
    ['deleted', { path: 'tests/a.test.ts', before: TWO, after: undefined }, 'tests/a.test.ts is deleted'],
    ['a helper deleted', { path: 'tests/run.sh', before: 'x', after: undefined }, 'tests/run.sh is deleted'],
    ['emptied', changed('a.test.ts', TWO, '\n'), 'a.test.ts has no tests any more'],
    [
      'commented out',
      changed('a.test.ts', TWO, TWO.replace(/^/gm, '// ')),
      'a.test.ts has no tests any more',
    ],
    [
      'in a docstring',
      changed('test_a.py', 'def test_a(): pass', '"""\ndef test_a(): pass\n"""'),
      'test_a.py has no tests any more',
    ],
    [
      'one of two',
      changed('a.test.ts', TWO, TWO.split('\n').slice(0, 3).join('\n')),
      'a.test.ts lost the test "takes"',
    ],
    [
      'replaced by an easier one',
      changed('a.test.ts', TWO, TWO.replace('takes', 'is')),
      'a.test.ts lost the test "takes"',
    ],
    [
      'renamed away',
      { path: 'attic/a.txt', oldPath: 'a.test.ts', before: TWO, after: TWO },
      'a.test.ts is renamed to attic/a.txt, which no longer looks like a test',
    ],
    ['a link in its place', { path: 'a.test.ts', before: TWO, after: undefined }, 'a.test.ts is deleted'],
    [
      'beside the code',
      changed('src/a.rs', '#[test]\nfn x() {}\nfn f() {}', 'fn f() {}'),
      'src/a.rs has no tests any more',
    ],
    [
      'too large',
      { path: 'a.test.ts', before: TWO, after: '', isUnread: true },
      'a.test.ts is too large to be compared',
    ],
  ])('%s', (_, file, line) => {
    expect(found([file])).toEqual([line]);
  });

  test('one that another file has now is not gone', () => {
    const [first, second] = [TWO.split('\n').slice(0, 3).join('\n'), "test('takes', () => {});\n"];
    const split = { path: 'b.test.ts', before: undefined, after: second };
    expect(found([changed('a.test.ts', TWO, first), split])).toEqual([]);
    const whole = { path: 'b.test.ts', before: undefined, after: TWO };
    expect(found([{ path: 'a.test.ts', before: TWO, after: undefined }, whole])).toEqual([]);
  });

  test('a test file with another name that is a test is not gone', () => {
    expect(found([{ path: 'tests/b.test.ts', oldPath: 'a.test.ts', before: TWO, after: TWO }])).toEqual([]);
  });
});

describe('what says how checks run', () => {
  test.each<[string, ChangedFile, Settings]>([
    ['settings of a runner', changed('vitest.config.ts', 'a', 'b'), {}],
    ['new ones', { path: 'web/jest.config.js', before: undefined, after: 'x' }, {}],
    ['fewer', { path: 'pytest.ini', before: 'x', after: undefined }, {}],
    [
      'a section',
      changed(
        'pyproject.toml',
        '[project]\n[tool.pytest.ini_options]\na=1',
        '[project]\n[tool.pytest.ini_options]\na=2',
      ),
      {},
    ],
    ['a key of package.json', changed('package.json', '{"jest":{"a":1}}', '{"jest":{"a":2}}'), {}],
    [
      'a script that the check runs',
      changed('package.json', '{"scripts":{"test":"vitest"}}', '{"scripts":{"test":"true"}}'),
      { words: ['npm', 'test'] },
    ],
    [
      'what runs before it',
      changed('package.json', '{"scripts":{"test":"a"}}', '{"scripts":{"pretest":"b","test":"a"}}'),
      { words: ['test'] },
    ],
    [
      'a package.json that is no longer JSON',
      changed('package.json', '{"scripts":{"test":"a"}}', '{'),
      { words: ['test'] },
    ],
    ['a tool that the check runs', changed('eslint.config.js', 'a', 'b'), { words: ['eslint'] }],
    ['a file that the check runs', changed('scripts/check.sh', 'a', 'b'), { scripts: ['scripts/check.sh'] }],
    [
      'a file that it ran',
      { path: 'old.sh', oldPath: 'check.sh', before: 'a', after: 'a' },
      { scripts: ['check.sh'] },
    ],
    [
      'a tests file without tests that it runs',
      changed('test.js', 'assert(1)', 'exit(0)'),
      { scripts: ['test.js'] },
    ],
  ])('is found: %s', (_, file, settings) => {
    expect(found([file], settings)).toHaveLength(1);
  });

  test.each<[string, ChangedFile, Settings]>([
    [
      'another section',
      changed('pyproject.toml', '[project]\na=1\n[tool.ruff]\nb=1', '[project]\na=2\n[tool.ruff]\nb=1'),
      {},
    ],
    [
      'a dependency',
      changed(
        'package.json',
        '{"scripts":{"test":"a"}}',
        '{"scripts":{"test":"a"},"dependencies":{"b":"1"}}',
      ),
      { words: ['test'] },
    ],
    [
      'a script that no check runs',
      changed('package.json', '{"scripts":{"docs":"a"}}', '{"scripts":{"docs":"b"}}'),
      { words: ['test'] },
    ],
    ['a tool that no check runs', changed('eslint.config.js', 'a', 'b'), {}],
    ['a file that no check runs', changed('scripts/release.sh', 'a', 'b'), { scripts: ['scripts/check.sh'] }],
    [
      'the first settings of a project without tests',
      { path: 'vitest.config.ts', before: undefined, after: 'x' },
      { hasTests: false },
    ],
  ])('is not found: %s', (_, file, settings) => {
    expect(found([file], settings)).toEqual([]);
  });
});

describe('what a check runs is followed', () => {
  const reached = async (commands: string[], files: Record<string, string>) => {
    const base = { has: (path: string) => path in files, read: async (path: string) => files[path] };
    const { scripts, words } = await reachOf(commands, base);
    return [...scripts, ...['vitest', 'eslint'].filter((word) => words.has(word))];
  };

  test.each<[string, string[], Record<string, string>, string[]]>([
    ['a file', ['./check.sh -v'], { 'check.sh': '' }, ['check.sh']],
    ['by a shell', ['CI=1 bash -e scripts/ci && true'], { 'scripts/ci': '' }, ['scripts/ci']],
    ['in a folder', ['cd web && ./check.sh'], { 'web/check.sh': '' }, ['web/check.sh']],
    [
      'through package.json',
      ['npm test'],
      {
        'package.json':
          '{"scripts":{"test":"npm run unit","unit":"node tools/run.mjs && vitest","pretest":"eslint ."}}',
        'tools/run.mjs': '',
      },
      ['tools/run.mjs', 'vitest', 'eslint'],
    ],
    [
      'through a script',
      ['./check.sh'],
      { 'check.sh': 'set -e\nif true; then ./lint.sh; fi\nnpx vitest run', 'lint.sh': 'eslint .' },
      ['check.sh', 'lint.sh', 'vitest', 'eslint'],
    ],
    ['through a Makefile', ['make test'], { Makefile: 'test:\n\t@./run.sh', 'run.sh': '' }, ['run.sh']],
    [
      'not into the product',
      ['node src/main.js --self-test', 'cat README.md'],
      { 'src/main.js': '', 'README.md': '' },
      [],
    ],
    ['not for ever', ['./a.sh'], { 'a.sh': './b.sh', 'b.sh': './a.sh' }, ['a.sh', 'b.sh']],
  ])('%s', async (_, commands, files, wanted) => {
    expect(await reached(commands, files)).toEqual(wanted);
  });
});

test('a file that the approved plan names is excused, by its old name too', () => {
  const file = { path: 'b.txt', oldPath: 'a.test.ts', before: TWO, after: '' };
  expect(found([file], { excused: ['a.test.ts'] })).toEqual([]);
  expect(found([file], { excused: ['b.txt'] })).toEqual([]);
  expect(found([file], { excused: ['c.test.ts'] })).toHaveLength(1);
});

test('the same weakening has the same key, and one that goes further another', () => {
  const keys = (files: ChangedFile[]) =>
    findWeakened({ files, reach: NOTHING, hasTests: true, excused: [] }).map(({ key }) => key);
  const once = keys([changed('vitest.config.ts', 'a', 'b')]);
  expect(keys([changed('vitest.config.ts', 'a', 'b\r\n')])).toEqual(once);
  expect(keys([changed('vitest.config.ts', 'a', 'c')])).not.toEqual(once);
  const skip = (line: string) => keys([changed('a.test.ts', TWO, `${TWO}${line}\n`)]);
  expect(skip("it.skip('x')")).toEqual(skip("  it.skip('x')"));
  expect(skip("it.skip('x')")).not.toEqual(skip("it.skip('y')"));
  const many = Array.from({ length: 9 }, (_, at) => `test('t${at}', f);\n`);
  expect(keys([changed('a.test.ts', many.join(''), many.slice(0, 3).join(''))])).not.toEqual(
    keys([changed('a.test.ts', many.join(''), many.slice(0, 2).join(''))]),
  );
});

const path = fc.constantFrom(
  'a.test.ts',
  'test_a.py',
  'a_test.go',
  'src/a.rs',
  'ATest.java',
  'spec/a_spec.rb',
  'ATest.php',
  'ATests.cs',
  'vitest.config.ts',
  'pyproject.toml',
  'package.json',
  'README.md',
  'x.sh',
);
const text = fc.option(
  fc.string({
    unit: fc.constantFrom(
      ...'\n (\'"`@#[].:={}',
      'test',
      'it',
      'skip',
      'only',
      'def ',
      'fn x',
      '/*',
      '*/',
      '"""',
    ),
  }),
  { nil: undefined },
);

test('whatever files hold, comparing them never throws, and what is equal is never found', () => {
  const file = fc.record({ path, oldPath: fc.option(path, { nil: undefined }), before: text, after: text });
  fc.assert(
    fc.property(fc.array(file), fc.array(fc.string()), (files, words) => {
      expect(() => found(files, { words, scripts: files.map((each) => each.path) })).not.toThrow();
      const same = files.map((each) => ({ ...each, oldPath: undefined, after: each.before }));
      expect(found(same, { words })).toEqual([]);
      expect(found(files, { words, excused: files.map((each) => each.path) })).toEqual([]);
    }),
  );
});

test('whatever is done to a file beside it, a deleted test is found', () => {
  fc.assert(
    fc.property(text, (other) => {
      const gone = { path: 'tests/z.test.ts', before: "test('a name of no other', f)", after: undefined };
      expect(found([changed('a.test.ts', TWO, other ?? ''), gone])).toContain('tests/z.test.ts is deleted');
    }),
  );
});

test('names of files say what is a test', () => {
  const tests = [
    'a.test.ts',
    'x/test_b.py',
    'b_test.go',
    'CTest.java',
    'spec/d_spec.rb',
    'tests/x.sh',
    'test.js',
    'e2e/login.cy.ts',
  ];
  expect(tests.filter((each) => !isTestPath(each))).toEqual([]);
  const others = [
    'src/latest.ts',
    'contest.py',
    'src/a.rs',
    'tests/data.json',
    'README.md',
    'attestation/x.ts',
  ];
  expect(others.filter(isTestPath)).toEqual([]);
});
