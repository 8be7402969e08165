import { fingerprint } from '../../kernel/files/fingerprint.ts';
import type { Weakening } from '../../kernel/phases/decision.ts';

export interface ChangedFile {
  path: string;
  oldPath?: string;
  before: string | undefined;
  after: string | undefined;
  /** The blob id of its content, or of a link's target. */
  blob?: string;
  isLink?: boolean;
  isUnread?: boolean;
}

/**
 * Tests and CI files of the base that are gone, or have fewer active tests. What else says how checks run is judged by
 * running: see `tryOldPromises`. In the order of the files.
 */
export function findWeakened(files: readonly ChangedFile[]): Weakening[] {
  const found = files.flatMap((file) => {
    const { path, oldPath = path, before, after = '' } = file;
    if (isInstalled(path) || before === undefined || !isOfChecks(oldPath)) return [];
    if (!hasChecks(oldPath, before)) return [];
    const active = mayDeclareTests(oldPath) ? activeTests(before) : 0;
    const gone = missingContent(file, active > 0);
    if (gone !== undefined) return [weakening(oldPath, gone)];
    const now = activeTests(after);
    return now < active ? [weakening(path, `runs ${now} tests instead of ${active}`)] : [];
  });
  return [...found, ...weakenedFolders(files)];
}

const MAX_LISTED = 1000;

/** Bounds what a person is asked about: the first entry is also about all others, and changes with each of them. */
export function listedWeakenings(found: readonly Weakening[]): Weakening[] {
  if (found.length <= MAX_LISTED) return [...found];
  const [first, ...more] = found.slice(MAX_LISTED - 1);
  const what = `${first?.what}, and ${more.length} more files are changed that define what checks prove`;
  const keys = more.map(({ key }) => key).join(' ');
  return [weakening(first?.path ?? '', what, keys), ...found.slice(0, MAX_LISTED - 1)];
}

/** One entry per folder, which can have thousands of files. */
function weakenedFolders(files: readonly ChangedFile[]): Weakening[] {
  const folders = new Map<string, ChangedFile[]>();
  for (const file of files) {
    const folder = INSTALLED.exec(file.path)?.[1];
    if (folder === undefined) continue;
    const changed = folders.get(folder);
    if (changed) changed.push(file);
    else folders.set(folder, [file]);
  }
  return [...folders].map(([folder, changed]) => {
    const content = JSON.stringify(changed.map(({ path, blob }) => [path, blob]));
    return weakening(
      folder,
      `has ${changed.length} changed ${changed.length === 1 ? 'file' : 'files'} that checks may run`,
      content,
    );
  });
}

/** Checks run programs from these folders, at any depth, in preference to the machine's. */
const INSTALLED = /^((?:.*?\/)?(?:node_modules|\.venv|vendor\/bin))(?:\/|$)/;

/** Whether a path is in a folder of installed packages; commits normally have none. */
export function isInstalled(path: string): boolean {
  return INSTALLED.test(path);
}

function missingContent(
  { path, oldPath = path, before, after, isLink, isUnread }: ChangedFile,
  hasTests: boolean,
): string | undefined {
  if (isLink) return 'is replaced by a link';
  if (isUnread) return 'is too large to be compared';
  if (after === undefined) return 'is deleted';
  if (path !== oldPath && !(hasTests ? mayDeclareTests(path) : isTestPath(path)))
    return `is renamed to ${path}`;
  return before?.trim() !== '' && after.trim() === '' ? 'is empty' : undefined;
}

export function isTestPath(path: string): boolean {
  return isCode(path) && isTestPlace(path);
}

/** Whether a path lies where tests do, or is named like one, whatever its extension. */
export function isTestPlace(path: string): boolean {
  return TEST_FOLDER.test(path) || TEST_NAME.test(path);
}

export function isCode(path: string): boolean {
  return CODE.test(path);
}

/** No check of this machine runs these. */
export function isCiFile(path: string): boolean {
  return CI_FILE.test(path);
}

/** Whether a file contains tests, or is not product code. */
export function hasChecks(path: string, text: string): boolean {
  return !path.endsWith(RUST) || activeTests(text) > 0;
}

/** Whether a path belongs to a test or CI. */
export function isOfChecks(path: string): boolean {
  return mayDeclareTests(path) || isCiFile(path);
}

/** Rust keeps its tests in source files. */
function mayDeclareTests(path: string): boolean {
  return isTestPath(path) || path.endsWith(RUST);
}

const RUST = '.rs';
const CODE =
  /\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|groovy|scala|rb|php|cs|fs|vb|\w*sh|bats|dart|exs?|swift|lua|c|cc|cpp|mm?|hs|clj|jl|[rR]|feature)$/;
const TEST_FOLDER = /(?:^|\/)(?:tests?|specs?|__tests__|e2e|cypress|androidTest)\//i;
const TEST_NAME =
  /(?:^|[/._-])(?:tests?|spec|e2e|cy)[._-][^/]*$|(?:Tests?|TestCase|IT|Spec)\.\w+$|(?:^|\/)Test[A-Z][^/]*$/;
const CI_FILE =
  /^(?:\.github\/workflows|\.circleci|\.buildkite|\.ci)\/|(?:^|\/)(?:\.gitlab-ci|\.travis|azure-pipelines|bitbucket-pipelines)\.ya?ml$|(?:^|\/)Jenkinsfile$/;

/** @param content distinguishes weakenings of the same file */
function weakening(path: string, what: string, content = ''): Weakening {
  return { path, what, key: fingerprint(JSON.stringify([path, what, content])).slice(0, 16) };
}

/** The number of tests that run: those declared minus those skipped, and 0 if a mark selects only some. */
export function activeTests(text: string): number {
  const code = withoutComments(text);
  if (countOf(code, FOCUSED) > 0) return 0;
  return Math.max(0, countOf(code, DECLARED) - countOf(code, INACTIVE));
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

// Agents write these texts, so no pattern may look far ahead from many positions.

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

/** `skip`, `todo`, `xit`, `ignore` and the like, on or in a test or a group of tests. */
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

/** `.only`, `fit`, `focus` and the like. */
const FOCUSED = new RegExp(
  `(?<![\\w.$-])${CALLED}(?:\\.\\w+)*\\.only\\b|(?<![\\w.$-])f${CALLED}[ \\t]*\\(?[ \\t]*['"\`]|\\bF(?:It|Describe|Context|When)\\(|[{,][ \\t]*(?:(?:only|focus):[ \\t]*true\\b|:focus\\b)|->only\\(`,
  'gm',
);
