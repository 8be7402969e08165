import { posix } from 'node:path';
import { parseJson } from '../../kernel/parse-json.ts';
import { isCode, isTestPlace } from './weakened.ts';

/**
 * What a changed file is for, which says in which reading it is put back: `tests` in each, `unknown` in the second,
 * `product` in none. `mixed` is code with tests in it.
 */
export type Role = 'tests' | 'unknown' | 'product' | 'mixed';

export interface KnownNames {
  /** Of CHECK, SETUP, and the scripts that they reach: see `wordsReached`. */
  words: ReadonlySet<string>;
  /** Folders that have code of the product; never the top one. */
  folders: ReadonlySet<string>;
}

/** A path that nothing makes a test or the product is unknown: it costs a run, and is put back in it. */
export function roleOf(path: string, { words, folders }: KnownNames): Exclude<Role, 'mixed'> {
  if (isTestPlace(path) || OF_TESTS.test(path)) return 'tests';
  const isBeside = isBesideCode(path, folders);
  if (isNamed(path, words) || steers(path, isBeside)) return 'unknown';
  return isAnyCode(path) || PROSE.test(path) || isBeside ? 'product' : 'unknown';
}

/** Whether a path shows that its folder has code of the product. */
export function isProduct(path: string): boolean {
  return path.includes('/') && isAnyCode(path) && !isTestPlace(path) && !steers(path, false);
}

/** Code that a command names is check, product or both: put back, it takes the work back with it. */
export function isNamedCode(path: string, words: ReadonlySet<string>): boolean {
  return isNamed(path, words) && isAnyCode(path) && !SHELL.test(path) && !steers(path, false);
}

/** The words of commands, and of the scripts of package.json that they reach at any depth. */
export function wordsReached(commands: readonly string[], packageJson: string): ReadonlySet<string> {
  let words = wordsIn(commands);
  for (;;) {
    const scripts = namedScripts(packageJson, words).map(([, script]) => script);
    const more = wordsIn([...words, ...scripts]);
    if (more.size === words.size) return words;
    words = more;
  }
}

function wordsIn(texts: Iterable<string>): Set<string> {
  const words = [...texts].flatMap((text) => text.match(/[\w@.:/+-]+/g) ?? []);
  return new Set(words.map((word) => word.replace(/^npm:/, '')));
}

function namedScripts(packageJson: string, words: ReadonlySet<string>): [string, string][] {
  const { scripts } = Object(parseJson(packageJson));
  return Object.entries(Object(scripts)).flatMap(([name, script]): [string, string][] =>
    typeof script === 'string' && (words.has(name) || words.has(name.replace(/^(?:pre|post)/, '')))
      ? [[name, script]]
      : [],
  );
}

/** Tests in languages of their own, what tests compare with, and what a runner reads in their folder. */
const OF_TESTS =
  /(?:^|\/)(?:__snapshots__|__mocks__|testdata|fixtures?|t)\/|(?:^|[/._-])golden[._-][^/]*$|\.(?:snap|feature|robot|bats)$|(?:^|\/)conftest\.py$/i;
const MORE_CODE =
  /\.(?:vue|svelte|pyx|kts|pl|pm|[eh]rl|cxx|h|hh|hpp|clj[cs]|zig|nim|cr|mli?|d|sql|proto|s?css|html|tmpl)$/;
const PROSE = /\.(?:md|markdown|rst|adoc)$|(?:^|\/)(?:LICEN[CS]E|CHANGELOG|AUTHORS|NOTICE)[^/]*$/i;
const SHELL = /\.\w*sh$/;

/** Files that a program reads or starts by their form alone. */
const STEERING =
  /(?:^|\/)(?:\.[^/]+|[^/]*file|[^/]*\.(?:config|conf|setup|workspace|rc)\.\w+|(?:site|user)customize\.py|build\.rs|[^/]*_helper\.\w+)$/i;
/** Names of settings, which code of the product has as well. */
const SETTINGS = /(?:^|\/)[^/]*(?:config|rc|workspace|setup|settings?|file)\.\w+$/i;
/** People, builds and checks mostly start what lies here. */
const TOOLS = /^(?:scripts?|ci|tools?|hack|build|config|etc|\.[^/]+)\//;
const MANIFEST =
  /(?:^|\/)(?:package(?:-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|Cargo\.(?:toml|lock)|go\.(?:mod|sum)|pyproject\.toml|(?:poetry|uv)\.lock|Pipfile(?:\.lock)?|requirements[^/]*\.txt|Gemfile(?:\.lock)?|composer\.(?:json|lock)|mix\.(?:exs|lock))$/;

/** Whether a file names dependencies. */
export function isManifest(path: string): boolean {
  return MANIFEST.test(path);
}

function isAnyCode(path: string): boolean {
  return isCode(path) || MORE_CODE.test(path);
}

function steers(path: string, isBeside: boolean): boolean {
  if (STEERING.test(path) || TOOLS.test(path) || MANIFEST.test(path)) return true;
  return SETTINGS.test(path) && !(isAnyCode(path) && isBeside);
}

function isBesideCode(path: string, folders: ReadonlySet<string>): boolean {
  for (let dir = posix.dirname(path); dir !== '.'; dir = posix.dirname(dir))
    if (folders.has(dir)) return true;
  return false;
}

/** As a command may call it: by its path, its name, as a module; at the top also by the first part of its name. */
function isNamed(path: string, words: ReadonlySet<string>): boolean {
  const whole = path.replace(/\.\w+$/, '');
  const name = posix.basename(path);
  const stem = path.includes('/') ? [] : [name.replace(/^\./, '').split('.')[0] ?? ''];
  const names = [path, `./${path}`, whole, `./${whole}`, whole.replaceAll('/', '.'), ...stem];
  return [...names, ...(name.includes('.') ? [name] : [])].some((each) => words.has(each));
}
