import { constants } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, normalize } from 'node:path';
import { contains } from '../../kernel/files/contains.ts';
import { gitDirOf, plainGitDirIn, sharedDirOf } from '../../kernel/files/git-pointer.ts';
import { mayAccess, namesAt, realFolder } from '../../kernel/files/path-stats.ts';
import { worktreeFolders } from '../git/worktree-list.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The checkouts of a repository, and the one that a child has in their place. */
export interface LedInto {
  checkouts: readonly string[];
  to: string;
}

/**
 * The main checkout, all worktrees and the folder of ours. None that contains home: what lies in a home is no code of the
 * project. Read from files, because git must not be started from a folder among these.
 */
export async function checkoutsOf(
  { mainRepo, worktreesDir }: { mainRepo: string; worktreesDir: string },
  { HOME = '/' }: Environment,
): Promise<string[]> {
  const pointed = await gitDirOf(mainRepo);
  const commonDir = pointed === undefined ? await plainGitDirIn(mainRepo) : await sharedDirOf(pointed);
  const folders = [mainRepo, worktreesDir, ...(await worktreeFolders(commonDir ?? mainRepo))];
  const home = realFolder(HOME) ?? HOME;
  const real = folders.map((path) => realFolder(path) ?? path);
  // The innermost first: a worktree can lie in the main checkout.
  return [...new Set(real)]
    .filter((path) => !contains(path, home))
    .sort((one, other) => other.length - one.length);
}

export function liesIn(checkouts: readonly string[], path: string): boolean {
  return insideOf(checkouts, path) !== undefined;
}

/** The path below the checkout that contains it, as it is written or as it really is; undefined outside of them. */
function insideOf(checkouts: readonly string[], path: string): string | undefined {
  if (!isAbsolute(path)) return undefined;
  for (const each of [normalize(path), realAsFar(normalize(path))]) {
    const checkout = checkouts.find((folder) => contains(folder, each));
    if (checkout !== undefined) return each.slice(checkout.length);
  }
  return undefined;
}

function realAsFar(path: string): string {
  const real = realFolder(path);
  return real ?? join(realAsFar(dirname(path)), basename(path));
}

/**
 * The environment with what it names in a checkout led to `to`, by path and whatever the variable. In PATH such a folder
 * comes last: what a branch brings must not be found in the place of the person's programs.
 */
export function ledEnvironment(env: Environment, { checkouts, to }: LedInto): Environment {
  const lead = (path: string) => {
    const inside = insideOf(checkouts, path);
    return inside === undefined ? path : to + inside;
  };
  const { PATH } = env;
  const isIn = (folder: string) => liesIn(checkouts, folder);
  const folders = PATH?.split(delimiter) ?? [];
  const ordered = [...folders.filter((folder) => !isIn(folder)), ...folders.filter(isIn).map(lead)];
  return { ...changed(env, lead), ...(PATH !== undefined && { PATH: ordered.join(delimiter) }) };
}

/** Names of the variables that name something in a checkout. */
export function namesInto(env: Environment, checkouts: readonly string[]): string[] {
  const led = ledEnvironment(env, { checkouts, to: '' });
  return Object.keys(env).filter((name) => env[name] !== led[name]);
}

/** The environment without what it names below `folder` and is not there, as packages that no SETUP has installed. */
export function withoutMissing(env: Record<string, string>, folder: string): Record<string, string> {
  const keep = (path: string) => (contains(folder, path) && !isThere(path) ? undefined : path);
  const all = Object.entries(changed(env, keep));
  return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Names of files can lack their ending, as in `--require`, or end in an asterisk, as in CLASSPATH. */
function isThere(path: string): boolean {
  if (mayAccess(path, constants.F_OK)) return true;
  const [above, name] = [dirname(path), basename(path)];
  const begins = name.endsWith('*') ? name.slice(0, -1) : `${name}.`;
  return mayAccess(above, constants.R_OK) && namesAt(above)?.some((each) => each.startsWith(begins)) === true;
}

/** Where the environment of git's settings lacks one of its values, git does not run. */
const KEPT = /^GIT_CONFIG_VALUE_/;

function changed(env: Environment, change: Change): Environment {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      // A value of several lines is code or data.
      if (value === undefined || name === 'HOME' || !/^[^\n]*\/[^\n]*$/.test(value)) return [name, value];
      return [name, changedPaths(value, change) ?? (KEPT.test(name) ? value : undefined)];
    }),
  );
}

/** @returns undefined to leave the path out */
type Change = (path: string) => string | undefined;

/** Not the colon of an address, nor that of a flag such as `-javaagent:`. */
const LIST = /(?<!(?:^|\s)-[\w-]+):(?!\/\/)/;

/** Changes each absolute path in the value of a variable: a path, a list of paths, or flags with paths. */
function changedPaths(value: string, change: Change): string | undefined {
  const entries = value.split(LIST);
  const kept = entries.flatMap((entry) => {
    const isPath = isAbsolute(entry) && !/\s["'/-]/.test(entry);
    return (isPath ? change(entry) : changedWords(entry, change)) ?? [];
  });
  return kept.length === 0 ? undefined : kept.join(delimiter);
}

const WORD = /(?:"[^"]*"|'[^']*'|\S)+|\s+/g;
/** What comes before a path in a word, as in `-I/x`, `--import=file:///x` or `"/x y"`; the path; the rest. */
const PATH_IN_WORD = /^((?:-[^\s/]*|[^\s/]*[=:"'@,]|)(?:file:\/\/)?["']?)(\/(?!\/)[^"',;=]*)(.*)$/s;

function changedWords(entry: string, change: Change): string | undefined {
  const kept: string[] = [];
  let hasLost = false;
  for (const word of entry.match(WORD) ?? []) {
    const [, before = '', path, after = ''] = PATH_IN_WORD.exec(word) ?? [];
    const to = path === undefined ? undefined : change(path);
    if (path === undefined || to !== undefined) {
      kept.push(path === undefined ? word : `${before}${to}${after}`);
      continue;
    }
    hasLost = true;
    // A flag whose value is the path goes with it, as `--require`.
    if (!before.startsWith('-') && /^-[^=]*$/.test(kept.at(-2) ?? '')) kept.splice(-2);
  }
  const text = kept.join('');
  return hasLost ? text.trim() || undefined : text;
}
