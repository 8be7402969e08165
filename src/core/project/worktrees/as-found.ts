import { createReadStream, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fileIdentity, newFingerprint } from '../../kernel/files/fingerprint.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { listed } from '../../kernel/text.ts';
import { quickPrint } from '../checkpoints/worktree-print.ts';
import { CHECKOUT_LIMIT_MS, gitSaysYes, readRecords, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import { pathRecords, readStatus } from '../git/status-entries.ts';

/** A file that differs from the commit, as it was before any agent. */
const FoundFile = z.object({
  /** Its mode and content, and its entry in git's index. */
  print: z.string(),
  /** The identity of a plain file then: while it is the same, it need not be read again. */
  stamp: z.string(),
});

/**
 * The differences from the commit when a worktree had been made and SETUP had run. They are stored in the
 * worktree's own git folder, and so end with the worktree.
 */
const AsFound = z.object({
  v: z.literal(1),
  files: z.record(z.string(), FoundFile),
  /** The files made by SETUP, and folders in which nothing is tracked, with a slash at the end. */
  made: z.array(z.string()),
});
export type AsFound = z.infer<typeof AsFound>;

const NAME = 'samocode-as-found.json';
/** Undefined if nothing differed, or if the worktree was made by an older version. */
export async function asFoundIn(gitDir: string): Promise<AsFound | undefined> {
  return await plainJson(join(gitDir, NAME), AsFound);
}

export async function asFoundAt(worktreePath: string): Promise<AsFound | undefined> {
  const gitDir = await gitDirOf(worktreePath);
  return gitDir === undefined ? undefined : await asFoundIn(gitDir);
}

/**
 * The paths that differ from the commit now, with the data that shows whether they are unchanged since they were
 * found.
 */
type Differing = Map<string, { index: string; stamp: string; isOnlyInWorktree: boolean }>;

/** The paths that differ from the commit now: in a worktree that was not made just now, the work of agents. */
export async function differingPaths(worktreePath: string, context: GitContext): Promise<string[]> {
  return [...(await differing(worktreePath, context)).keys()];
}

/**
 * Records the differences from the commit now, before any agent.
 * @param work paths that differed before SETUP ran, and count as work
 * @returns notes for the person; empty if nothing differs
 */
export async function keepAsFound(
  worktreePath: string,
  work: readonly string[],
  context: GitContext,
): Promise<string[]> {
  const gitDir = await gitDirOf(worktreePath);
  if (gitDir === undefined) return [];
  const now = await differing(worktreePath, context);
  for (const path of work) now.delete(path);
  if (now.size === 0) return [];
  const files: AsFound['files'] = {};
  for (const [path, { index, stamp }] of now) {
    const print = await printOf(worktreePath, path, { index, context });
    if (print !== undefined) files[path] = { print, stamp };
  }
  const options = { ...context, cwd: worktreePath };
  const others = ['ls-files', '--others', '--exclude-standard', '--directory', '--no-empty-directory', '-z'];
  const isWork = (name: string) =>
    work.some((path) => path === name || (name.endsWith('/') && path.startsWith(name)));
  const made: string[] = [];
  await readRecords(others, options, (name) => {
    if (!isWork(name)) made.push(name);
  });
  await writeWhole(join(gitDir, NAME), JSON.stringify({ v: 1, files, made } satisfies AsFound));
  const tracked = [...now].filter(([, { index }]) => index !== UNTRACKED).map(([path]) => path);
  const fresh = await asCheckedOut(worktreePath, onlyInWorktree(now), context);
  const bySetup = tracked.filter((path) => !fresh.has(path));
  return [
    ...(await aboutCheckout([...fresh], options)),
    ...(bySetup.length > 0 ? [`${counted(bySetup)} differed before any agent began. ${NO_WORK}`] : []),
    ...(made.length > 0
      ? [`SETUP made ${listed(made, MAX_NAMED)}, which git does not ignore. ${NO_WORK}`]
      : []),
  ];
}

const MAX_NAMED = 5;
const NO_WORK = 'It does not count as work unless an agent changes it.';

function counted(paths: readonly string[]): string {
  const files = paths.length === 1 ? '1 tracked file' : `${paths.length} tracked files`;
  return `${files} (${listed(paths, MAX_NAMED)})`;
}

async function aboutCheckout(
  paths: readonly string[],
  options: GitContext & { cwd: string },
): Promise<string[]> {
  if (paths.length === 0) return [];
  const isSame = (how: string) => gitSaysYes(['diff', '--quiet', how, '--', ...paths.slice(0, 100)], options);
  const why = (await isSame('--ignore-cr-at-eol')) ? ': their line endings' : '';
  return [`A fresh checkout modifies ${counted(paths)}${why}. ${NO_WORK}`];
}

/**
 * Leaves out paths that are unchanged since they were found, and those that are as a checkout makes them: git calls
 * a file with CRLF in the commit and LF in .gitattributes modified, but only once it reads the file.
 */
export async function withoutFound<T extends { path: string }>(
  worktreePath: string,
  entries: readonly T[],
  { found, context }: { found: AsFound | undefined; context: GitContext },
): Promise<T[]> {
  if (entries.length === 0) return [];
  const now = await differing(worktreePath, context);
  const left: T[] = [];
  const inWorktree: string[] = [];
  for (const entry of entries) {
    const then = found && Object.hasOwn(found.files, entry.path) ? found.files[entry.path] : undefined;
    const { index, stamp, isOnlyInWorktree } = now.get(entry.path) ?? {};
    const isSame =
      then !== undefined &&
      index !== undefined &&
      (stamp !== '' && then.stamp === stamp
        ? then.print.startsWith(`${index}\n`)
        : then.print === (await printOf(worktreePath, entry.path, { index, context })));
    if (isSame) continue;
    left.push(entry);
    if (isOnlyInWorktree) inWorktree.push(entry.path);
  }
  const fresh = await asCheckedOut(worktreePath, inWorktree, context);
  return left.filter(({ path }) => !fresh.has(path));
}

/** Those of the paths whose content is what a checkout writes. */
async function asCheckedOut(
  worktreePath: string,
  paths: readonly string[],
  context: GitContext,
): Promise<Set<string>> {
  const fresh = new Set<string>();
  if (paths.length === 0) return fresh;
  const folder = await mkdtemp(join(tmpdir(), 'samocode-checkout-'));
  try {
    const args = ['checkout-index', `--prefix=${folder}/`, '-z', '--stdin'];
    const options = { ...context, cwd: worktreePath, input: paths.join('\0'), timeoutMs: CHECKOUT_LIMIT_MS };
    await runGit(args, { ...options, allowFailure: true });
    for (const path of paths) {
      const hash = await contentOf(join(folder, path));
      if (hash !== undefined && hash === (await contentOf(join(worktreePath, path)))) fresh.add(path);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return fresh;
}

/** Git's index has no entry for it. */
const UNTRACKED = '?';

function onlyInWorktree(now: Differing): string[] {
  return [...now].filter(([, each]) => each.isOnlyInWorktree).map(([path]) => path);
}

const ASK = ['status', '--porcelain=v2', '-z', '--untracked-files=all', '--no-renames'];

async function differing(worktreePath: string, context: GitContext): Promise<Differing> {
  const { records } = await readStatus(ASK, { ...context, cwd: worktreePath });
  const found: Differing = new Map();
  for (const record of pathRecords(records)) {
    const [type, states = '', sub = '', _head, inIndex = '', inWorktree = '', _hash, hash = '', ...path] =
      record.split(' ');
    // Conflicts (type u) always count: they belong to an unfinished merge.
    if (type === '1') {
      const isOnlyInWorktree = states === '.M' && inIndex === inWorktree && inIndex.startsWith('100');
      const index = [sub, inIndex, inWorktree, hash].join(' ');
      found.set(path.join(' '), { index, stamp: '', isOnlyInWorktree });
    } else if (type === '?')
      found.set(record.slice(2), { index: UNTRACKED, stamp: '', isOnlyInWorktree: false });
  }
  for (const [path, each] of found) each.stamp = stampOf(join(worktreePath, path));
  return found;
}

function stampOf(path: string): string {
  const stats = statsAt(path);
  return stats?.isFile() ? fileIdentity(stats) : '';
}

/** Undefined for an unreadable path, which never counts as unchanged. */
async function printOf(
  worktreePath: string,
  path: string,
  { index, context }: { index: string; context: GitContext },
): Promise<string | undefined> {
  const at = join(worktreePath, path);
  const stats = statsAt(at);
  if (stats === undefined) return `${index}\ngone`;
  const head = `${index}\n${(stats.mode & 0o170_111).toString(8)}`;
  if (stats.isSymbolicLink()) return `${head} ${readlinkSync(at)}`;
  // A submodule, or a repository whose content git does not track.
  if (stats.isDirectory()) {
    const print = await quickPrint(at, context);
    return print && `${head} ${print}`;
  }
  const content = stats.isFile() ? await contentOf(at) : undefined;
  return content && `${head} ${content}`;
}

/** SHA-256 of a file; undefined if it can't be read. */
async function contentOf(path: string): Promise<string | undefined> {
  const hash = newFingerprint();
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
