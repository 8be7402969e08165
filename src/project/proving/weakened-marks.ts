/** What the tests of some frameworks look like in one language. */
export interface Dialect {
  frameworks: readonly string[];
  /** Which files the language is written in. */
  files: RegExp;
  /** Which of them are tests wherever they lie; others are where they lie in a folder of tests, or hold one. */
  named?: RegExp;
  /** One test each; `name` is its name, if the line has it. */
  declares: RegExp;
  /** A line with it keeps a test from running or from counting. */
  skip: RegExp;
  /** A line with it keeps all other tests from running. */
  only?: RegExp;
  /** A line that begins with it is a comment. */
  comment: RegExp;
  /** Lines from one that begins with the first to one with the second are a comment. */
  block?: readonly [string, string];
}

const NOT_A_PART = '(?<![\\w.$@-])';
const C_COMMENT = { comment: /^\s*(?:\/\/|\*)/, block: ['/*', '*/'] } as const;

/** A further framework is a further word in its language's patterns, or a row. */
export const DIALECTS: readonly Dialect[] = [
  {
    frameworks: ['Jest', 'Vitest', 'Mocha', 'Jasmine', 'Playwright', 'Cypress', 'node:test'],
    files: /\.[cm]?[jt]sx?$/,
    named: /(?:^|[._-])(?:tests?|spec|e2e|cy)\.[cm]?[jt]sx?$/i,
    declares: new RegExp(
      `${NOT_A_PART}(?:[xf]?(?:it|test|specify)|deno\\.test)(?:\\.(?:only|skip|each|for|concurrent|sequential|serial|parallel|fail|fails|failing|todo|fixme|slow|runIf|skipIf))*(?:\\([^()\\n]*\\)(?=\\())?\\s*(?:\\(\\s*(?:(['"\`])(?<name>(?:(?!\\1)[^\\\\\\n]|\\\\.)*)\\1)?|\`)`,
      'gi',
    ),
    skip: new RegExp(
      [
        `${NOT_A_PART}(?:it|test|describe|context|suite|specify|t)(?:\\.\\w+)*\\.(?:skip|todo|fixme|fail|fails|failing|skipIf|runIf)\\b`,
        `${NOT_A_PART}x(?:it|test|describe|context|specify)\\s*[.(\`]`,
        '\\b(?:this|ctx|context)\\.skip\\s*\\(',
        `${NOT_A_PART}pending\\s*\\(`,
        '[{,]\\s*(?:skip|todo)\\s*:(?!\\s*false\\b)',
        '^\\s*(?:skip|todo)\\s*:(?!\\s*false\\b)',
      ].join('|'),
    ),
    only: new RegExp(
      [
        `${NOT_A_PART}(?:it|test|describe|context|suite|specify|t)(?:\\.\\w+)*\\.only\\b`,
        `${NOT_A_PART}f(?:it|describe|context)\\s*[.(\`]`,
        '(?:[{,]|^)\\s*only\\s*:\\s*true\\b',
      ].join('|'),
    ),
    ...C_COMMENT,
  },
  {
    frameworks: ['pytest', 'unittest'],
    files: /\.py$/,
    named: /(?:^|\/)(?:test_[^/]*|[^/]*_test)\.py$/,
    declares: /^[ \t]*(?:async[ \t]+)?def[ \t]+(?<name>test\w*)/gm,
    skip: /@(?:\w+\.)*(?:skip|skipif|xfail|skipIf|skipUnless|expectedFailure)\b|\bpytest\.(?:skip|xfail|importorskip|exit)\s*\(|\bself\.skipTest\s*\(|\bSkipTest\b|\bpytestmark\s*=.*(?:skip|xfail)|\b__test__\s*=\s*False|\bcollect_ignore/,
    comment: /^\s*#/,
    block: ['"""', '"""'],
  },
  {
    frameworks: ['Go testing', 'Ginkgo'],
    files: /\.go$/,
    named: /_test\.go$/,
    declares:
      /^func[ \t]+(?<name>(?:Test|Fuzz|Example|Benchmark)\w*)|^[ \t]*[PXF]?(?:It|Entry)\([ \t]*"(?<title>[^"\n]*)"/gm,
    skip: /\b\w+\.Skip(?:f|Now)?\s*\(|^\/\/\s*(?:go:build|\+build)\s+.*\bignore\b|(?<!\w)[PX](?:It|Describe|Context|When|Specify|Entry|DescribeTable)\s*\(|(?<![\w.])Skip\s*\(/,
    only: /(?<!\w)F(?:It|Describe|Context|When|Specify|Entry|DescribeTable)\s*\(/,
    comment: /^\s*\/\/(?!\s*(?:go:build|\+build))/,
    block: ['/*', '*/'],
  },
  {
    frameworks: ['Rust'],
    files: /\.rs$/,
    declares:
      /#\[\s*(?:\w+::)*(?:test|rstest|test_case)\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub\s+)?(?:async\s+)?fn\s+(?<name>\w+)/g,
    skip: /#!?\[\s*(?:cfg_attr\s*\(.*)?ignore\b|#!?\[\s*cfg\s*\(\s*any\s*\(\s*\)\s*\)/,
    ...C_COMMENT,
  },
  {
    frameworks: ['JUnit', 'TestNG'],
    files: /\.(?:java|kt|groovy|scala)$/,
    named: /(?:(?:Tests?|TestCase|IT|Spec)|(?:^|\/)Test[A-Z][^/]*)\.(?:java|kt|groovy|scala)$/,
    declares:
      /@(?:Test|ParameterizedTest|RepeatedTest|TestFactory)\b(?:[^{;]*?\b(?:void|fun)\s+(?<name>`[^`\n]+`|\w+))?/g,
    skip: /@(?:Disabled|DisabledIf|DisabledOn|EnabledIf|EnabledOn)\w*|@Ignore\b|\benabled\s*=\s*false\b|\b(?:assumeTrue|assumeFalse|assumeThat)\s*\(/,
    ...C_COMMENT,
  },
  {
    frameworks: ['RSpec', 'Minitest'],
    files: /\.rb$/,
    named: /(?:_spec|_test)\.rb$|(?:^|\/)test_[^/]*\.rb$/,
    declares:
      /^[ \t]*(?:[xf]?(?:it|specify|example|scenario)|test)[ \t(]+(['"])(?<name>.*?)\1|^[ \t]*def[ \t]+(?<title>test_\w+)/gm,
    skip: /^\s*(?:x(?:it|describe|context|specify|example|scenario|feature)|pending|skip)\b|,\s*(?:skip|pending):(?!\s*false\b)|,\s*:(?:skip|pending)\b/,
    only: /^\s*f(?:it|describe|context|specify|example|scenario|feature)\b|\bfocus:\s*true\b|,\s*:focus\b/,
    comment: /^\s*#/,
    block: ['=begin', '=end'],
  },
  {
    frameworks: ['PHPUnit', 'Pest'],
    files: /\.php$/,
    named: /Test\.php$/,
    declares: /\bfunction\s+(?<name>test\w*)\s*\(|^[ \t]*(?:it|test)\s*\(\s*(['"])(?<title>.*?)\2/gm,
    skip: /\bmarkTest(?:Skipped|Incomplete)\s*\(|->(?:skip|todo)\s*\(/,
    only: /->only\s*\(/,
    comment: /^\s*(?:\/\/|#(?!\[)|\*)/,
    block: ['/*', '*/'],
  },
  {
    frameworks: ['xUnit', 'NUnit', 'MSTest'],
    files: /\.(?:cs|fs|vb)$/,
    named: /Tests?\.(?:cs|fs|vb)$/,
    declares:
      /[[,]\s*(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b[^\n]*\]\s*(?:\[[^\n]*\]\s*)*(?:public\s+)?(?:async\s+)?(?:[\w<>.]+\s+(?<name>\w+)\s*\()?/g,
    skip: /\bSkip\s*=|[[,]\s*(?:Ignore|Explicit)\b|\bAssert\.(?:Ignore|Inconclusive|Skip)\w*\s*\(/,
    ...C_COMMENT,
  },
];

/** Folders whose code is tests and what helps them. */
export const TEST_FOLDER = /(?:^|\/)(?:tests?|specs?|__tests__|e2e|cypress|androidTest)\//i;

/** The tests that a file declares, and the lines that keep some from running. */
export interface TestsIn {
  count: number;
  /** Of those that have one. */
  names: string[];
  skips: string[];
  onlys: string[];
}

/** The language of a file that is a test, or lies among tests. */
export function dialectOf(path: string): Dialect | undefined {
  return DIALECTS.find((dialect) => {
    if (!dialect.files.test(path)) return false;
    return dialect.named === undefined || dialect.named.test(path) || TEST_FOLDER.test(path);
  });
}

/** Without the tests of a comment. */
export function testsIn(text: string, dialect: Dialect): TestsIn {
  const lines = codeLines(text, dialect);
  const found = [...lines.join('\n').matchAll(dialect.declares)];
  const marked = (mark: RegExp | undefined) =>
    lines.filter((line) => mark?.test(line)).map((line) => line.trim());
  return {
    count: found.length,
    names: found.flatMap(({ groups }) => groups?.name ?? groups?.title ?? []),
    skips: marked(dialect.skip),
    onlys: marked(dialect.only),
  };
}

function codeLines(text: string, { comment, block }: Dialect): string[] {
  let isInside = false;
  return text.split(/\r\n?|\n/).filter((line) => {
    const body = line.trim();
    if (isInside) {
      isInside = !body.includes(block?.[1] ?? '');
      return false;
    }
    if (block === undefined || !body.startsWith(block[0])) return !comment.test(line);
    isInside = !body.slice(block[0].length).includes(block[1]);
    return false;
  });
}
