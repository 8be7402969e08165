/** The tests of a text, in any language that writes them in one of these ways. */
export interface TestsIn {
  declared: number;
  /** Those that run: less the marks that keep one from running, and none where a mark leaves the others out. */
  active: number;
  /** A mark leaves the others out. */
  isFocused: boolean;
}

export function testsIn(text: string): TestsIn {
  const code = withoutComments(text);
  const declared = countOf(code, DECLARED);
  const isFocused = countOf(code, FOCUSED) > 0;
  return { declared, isFocused, active: isFocused ? 0 : declared - countOf(code, INACTIVE) };
}

function countOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

function withoutComments(text: string): string {
  let isComment = false;
  let isString = false;
  const lines = text.split(/\r\n?|\n/).filter((line) => {
    const wasInside = isComment || isString;
    const body = line.trim();
    isComment = (isComment || body.startsWith('/*')) && !body.includes('*/');
    if (!isComment && body.split('"""').length % 2 === 0) isString = !isString;
    return !wasInside && !/^(?:\/[/*]|#(?!!?\[)|--|\*)/.test(body);
  });
  return lines.join('\n');
}

// Texts of agents are searched: no pattern here may look far ahead from many places.

/** `it('…'`, `test "…"`, `def test_x`, `func TestX`, `@Test`, `#[test]`, `[Fact]`, `TEST_F(`. */
const DECLARED = new RegExp(
  [
    '(?<![\\w.$@-])[xfp]?(?:it|tests?(?:_\\w+)?|specify|scenario|example)(?:\\.\\w+)*(?:[ \\t]*\\(|[ \\t]+[\'"]|`)',
    '\\b(?:def|func|function|fun|void)[ \\t]+`?(?:test|fuzz|example|benchmark)\\w*',
    '(?:@|#\\[|^[ \\t]*\\[)(?:\\w+::)*(?:(?:parameterized|repeated|data|rs)?test|fact|theory)\\w*',
  ].join('|'),
  'gim',
);

const CALLED = '(?:it|test|describe|context|suite|specify|scenario|example|feature)';

/** `skip`, `todo`, `xit`, `ignore` and their like, beside a test or a group of tests, or inside of one. */
const INACTIVE = new RegExp(
  [
    `(?<![\\w.$-])(?:${CALLED}|t|b|this|ctx|self|pytest|unittest)(?:\\.\\w+)*\\.(?:[sS]kip|todo|fixme|xfail)\\w*`,
    '(?<![\\w.$-])(?:it|test)(?:\\.\\w+)*\\.(?:fails?|failing|runIf)\\b',
    `(?<![\\w.$-])[xX]${CALLED}[ \\t]*[.('"\`]|\\bP(?:It|Describe|Context|When)\\(`,
    '@(?:\\w+\\.)?(?:[sS]kip|xfail|Ignore|Disabled|Enabled|expectedFailure)\\w*|#\\[ignore|[[,(][ \\t]*(?:Skip[ \\t]*=|Ignore\\b|Explicit\\b)',
    '(?:^|[{,(])[ \\t]*:?(?:skip|todo|pending)(?:[ \\t]*:(?![ \\t]*(?:false|nil)\\b)|[ \\t]+(?:do\\b|[\'"])|\\()',
    '\\bmarkTest(?:Skipped|Incomplete)|\\bAssert\\.(?:Ignore|Inconclusive)|->(?:skip|todo)\\(|\\bcollect_ignore|\\benabled = false',
  ].join('|'),
  'gm',
);

/** `.only`, `fit`, `focus` and their like. */
const FOCUSED = new RegExp(
  `(?<![\\w.$-])${CALLED}(?:\\.\\w+)*\\.only\\b|(?<![\\w.$-])f${CALLED}[ \\t]*\\(?[ \\t]*['"\`]|\\bF(?:It|Describe|Context|When)\\(|[{,][ \\t]*(?:(?:only|focus):[ \\t]*true\\b|:focus\\b)|->only\\(`,
  'gm',
);
