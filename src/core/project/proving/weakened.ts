import { posix } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { parseJson } from '../../kernel/parse-json.ts';
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
 * Changes that a person should review before passed checks count: files of the base that define what checks prove, and
 * that are gone, have fewer active tests, or change how checks run. In the order of the files.
 */
export function findWeakened(files: readonly ChangedFile[], commands: CheckCommands): Weakening[] {
  const found = files.flatMap((file) => {
    const { path, oldPath = path, before, after = '' } = file;
    if (isInstalled(path) || before === undefined || !isOfChecks(oldPath, commands)) return [];
    if (!hasChecks(oldPath, before)) return [];
    const active = mayDeclareTests(oldPath) ? activeTests(before) : 0;
    const gone = missingContent(file, active > 0);
    if (gone !== undefined) return [weakening(oldPath, gone)];
    const now = activeTests(after);
    if (now < active) return [weakening(path, `runs ${now} tests instead of ${active}`)];
    const [old, settings] = [before, after].map((text) => settingsIn(path, text, commands));
    if (active > 0 || old === settings) return [];
    return [weakening(path, 'is changed, and it says how checks run', settings)];
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
  return !path.endsWith(RUST) || NEW_SETTINGS.test(path) || activeTests(text) > 0;
}

/** Whether a path belongs to a test or CI, or defines how checks run. */
export function isOfChecks(path: string, commands: CheckCommands): boolean {
  const isSettings = settingsIn(path, '', commands) !== undefined;
  return mayDeclareTests(path) || isCiFile(path) || isSettings;
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

/** The names and commands of the checks, with scripts looked up in the base's package.json. */
export interface CheckCommands {
  /** Every word: tools, scripts of package.json, targets. */
  words: ReadonlySet<string>;
  /** Paths of files, relative to the top folder. */
  programs: ReadonlySet<string>;
}

/**
 * Reads the commands and the package.json scripts they name, but not the scripts that those name.
 * @param ofPlan checks written by agents: they mostly start the program under test
 */
export function checkCommands(
  checks: readonly string[],
  ofPlan: readonly string[] = [],
  packageJson = '',
): CheckCommands {
  const own = withScripts(checks, packageJson);
  const planned = withScripts(ofPlan, packageJson);
  const programs = [
    ...pathsIn(own),
    ...pathsIn(planned).filter((path) => isTestPath(path) || CHECK_NAME.test(path)),
  ];
  return {
    words: wordsIn([...own, ...planned]),
    programs: new Set(programs.filter((path) => !PRODUCT.test(path))),
  };
}

function withScripts(checks: readonly string[], packageJson: string): string[] {
  return [...checks, ...namedScripts(packageJson, wordsIn(checks)).map(([, script]) => script)];
}

/** Words that can be paths of programs, relative to each folder that the commands enter. */
function pathsIn(texts: readonly string[]): string[] {
  const folders = texts.flatMap((text) =>
    [...text.matchAll(/\bcd\s+([\w./-]+)/g)].map(([, dir = '']) => dir),
  );
  const words = [...wordsIn(texts)].filter((word) => isCode(word) || posix.extname(word) === '');
  return words.flatMap((word) => ['', ...folders].map((dir) => posix.join(dir, word)));
}

/** A check, or a shell script. */
const CHECK_NAME = /(?:^|[/._-])(?:checks?|verify|ci)(?=[/._-]|$)|\.\w*sh$/;
/** A program in these folders that a check names is product code, not a check. */
const PRODUCT = /^(?:src|lib|app|dist|build|out|target)\//;

export function wordsIn(texts: Iterable<string>): Set<string> {
  const words = [...texts].flatMap((text) => text.match(/[\w@.:/+-]+/g) ?? []);
  return new Set(words.map((word) => word.replace(/^npm:/, '')));
}

export function namedScripts(packageJson: string, words: ReadonlySet<string>): [string, string][] {
  const { scripts } = Object(parseJson(packageJson));
  return Object.entries(Object(scripts)).flatMap(([name, script]): [string, string][] =>
    typeof script === 'string' && (words.has(name) || words.has(name.replace(/^(?:pre|post)/, '')))
      ? [[name, script]]
      : [],
  );
}

/** Config files of test runners; adding tests changes none of them. */
const RUNNER_SETTINGS =
  /(?:^|\/)(?:(?:vitest|jest|playwright|cypress|karma|ava|wdio|nightwatch)[.\w]*\.(?:[cm]?[jt]s|json)|\.(?:mocharc|nycrc|c8rc|taprc)[.\w]*|\.?pytest\.ini|\.coveragerc|\.rspec|phpunit\.xml(?:\.dist)?|testng\.xml|[^/]+\.runsettings)$/;
/** Files of package managers, builds and interpreters that can replace the programs being run. */
const STEERING =
  '\\.npmrc|\\.yarnrc(?:\\.yml)?|\\.pnpmfile\\.cjs|\\.pnp\\.cjs|bunfig\\.toml|deno\\.jsonc?|\\.env|\\.cargo/config(?:\\.toml)?|build\\.rs|(?:site|user)customize\\.py|\\.mvn/.+|gradle\\.properties';
/** Settings files that matter even if new: they can keep the base's tests from running. */
export const NEW_SETTINGS = new RegExp(
  `(?:^|/)(?:(?:vitest|jest)\\.config\\.\\w+|\\.mocharc[.\\w]*|pytest\\.ini|${STEERING})$`,
);
/** Build files, whose dependencies change with most work and affect every check alike. */
const BUILD_FILE = /(?:^|\/)(?:pom\.xml|build\.gradle(?:\.kts)?)$/;
const DEPENDENCIES = /<(dependencies|dependencyManagement)>|^dependencies[ \t]*\{/gm;
/** `Makefile`, `justfile`, `Taskfile.yml`, `tox.ini`, `noxfile.py`: relevant if a check names the tool. */
const OF_TOOL = /^\.?(?:GNU)?(\w+?)(?:file(?:\.\w+)?|\.ini)$/i;
const PACKAGE_KEYS = ['jest', 'mocha', 'vitest', 'ava', 'nyc', 'c8', 'tap'];

/** The part of a file that defines how checks run; undefined if none does. */
function settingsIn(path: string, text: string, { words, programs }: CheckCommands): string | undefined {
  const name = posix.basename(path);
  if (name === 'package.json') {
    const all = Object(parseJson(text));
    return JSON.stringify([namedScripts(text, words).sort(), PACKAGE_KEYS.map((key) => all[key])]);
  }
  if (name === 'pyproject.toml' || name === 'setup.cfg')
    return (text.match(/^\[(?:tool[.:])?(?:pytest|coverage)[\s\S]*?(?=^\[|(?![\s\S]))/gm) ?? [])
      .join('')
      .trimEnd();
  const isOfTool = words.has(OF_TOOL.exec(name)?.[1]?.toLowerCase() ?? '');
  const plain = text.replaceAll('\r\n', '\n').trimEnd();
  if (BUILD_FILE.test(path)) return withoutDependencies(plain);
  const isOfRunner = RUNNER_SETTINGS.test(path) || NEW_SETTINGS.test(path);
  return isOfTool || isOfRunner || programs.has(path) ? plain : undefined;
}

/** Each end is looked for once: in a text of unclosed parts, a pattern would look for it again from each beginning. */
function withoutDependencies(text: string): string {
  const unclosed = new Set<string>();
  let kept = '';
  let from = 0;
  for (const { index, 1: tag } of text.matchAll(DEPENDENCIES)) {
    const end = tag === undefined ? '\n}' : `</${tag}>`;
    if (index < from || unclosed.has(end)) continue;
    const at = text.indexOf(end, index);
    if (at === -1) unclosed.add(end);
    else {
      kept += text.slice(from, index);
      from = at + end.length;
    }
  }
  return kept + text.slice(from);
}

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
