import { createReadStream, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { fileIdentity, newFingerprint } from '../../kernel/files/fingerprint.ts';
import { gitDirOf, isOwnGitDir } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson, plainText } from '../../kernel/files/plain-file.ts';
import { listed } from '../../kernel/text.ts';
import { quickPrint } from '../checkpoints/worktree-print.ts';
import { CHECKOUT_LIMIT_MS, gitSaysYes, readRecords, runGit } from '../git/git.ts';
import type { GitContext } from '../git/repository.ts';
import {
  EACH_FILE,
  readStatus,
  type StatusEntry,
  type StatusReading,
  UNTRACKED,
} from '../git/status-entries.ts';

/** A file that differs from the commit, as a program that we run left it. */
const FoundFile = z.object({
  /** Its mode and content, and its entry in git's index. */
  print: z.string(),
  /** The identity of a plain file then: while it is the same, it need not be read again. */
  stamp: z.string(),
  /** Earlier prints, newest first: two programs can write the same file in turn. */
  earlier: z.array(z.string()).optional(),
});

/**
 * The differences from the commit that programs of the project made where samocode ran them: SETUP, services, checks in
 * the worktree. Stored in the worktree's own git folder, and so end with the worktree; for the worker also in the run
 * folder, where no agent may change them.
 */
const AsFound = z.object({
  v: z.literal(1),
  files: z.record(z.string(), FoundFile),
  /** The new files among them, and folders in which nothing is tracked, with a slash at the end. */
  made: z.array(z.string()),
  /** While such a program runs: the paths that differed before, and count as work. */
  work: z.array(z.string()).optional(),
});
export type AsFound = z.infer<typeof AsFound>;

const NAME = 'samocode-as-found.json';
const NOTHING: AsFound = { v: 1, files: {}, made: [] };
/** Of the earlier prints of a file. */
const MAX_EARLIER = 3;

/** Undefined if nothing differed, or if the worktree was made by an older version. */
export async function asFoundIn(gitDir: string): Promise<AsFound | undefined> {
  return await plainJson(join(gitDir, NAME), AsFound);
}

async function asFoundAt(worktreePath: string): Promise<AsFound | undefined> {
  const gitDir = await gitDirOf(worktreePath);
  return gitDir === undefined ? undefined : await asFoundIn(gitDir);
}

export interface FoundPlace extends GitContext {
  worktreePath: string;
  /** The worker's copy of the record. */
  copy: string;
}

/**
 * Before an agent starts: the record is copied to where the agent cannot change it.
 * What a program changes from now on is the agent's work.
 */
export async function guardFound({ worktreePath, copy }: FoundPlace): Promise<void> {
  const { work, ...found } = (await plainJson(copy, AsFound)) ?? (await asFoundAt(worktreePath)) ?? NOTHING;
  if (work !== undefined || statsAt(copy) === undefined) await writeFound({ worktreePath, copy }, found);
}

/** After an agent: restores the record in the worktree's git folder, which an agent without a guard can change. */
export async function restoreFound(
  { worktreePath, copy }: FoundPlace,
  { isTrusted }: { isTrusted: boolean },
): Promise<void> {
  if (!isTrusted) return await writeFound({ worktreePath, copy }, NOTHING);
  const found = await plainJson(copy, AsFound);
  if (found !== undefined) await writeFound({ worktreePath, copy }, found);
}

/** Not synced, before and after each program: without the record, what programs wrote counts as work. */
async function writeFound({ worktreePath, copy }: Pick<FoundPlace, 'worktreePath' | 'copy'>, found: AsFound) {
  const text = JSON.stringify(found);
  const gitDir = await gitDirOf(worktreePath);
  const isOwn = gitDir !== undefined && (await isOwnGitDir(worktreePath, gitDir));
  for (const path of [copy, ...(isOwn ? [join(gitDir, NAME)] : [])])
    if ((await plainText(path, text.length * 4 + 1)) !== text) writeUnsynced(path, text);
}

/**
 * Before a program of the project runs in the worktree: what differs now and was not found counts as work, whatever the
 * program does to it. After a crash, what counted before the program that was interrupted.
 * @param isNew the worktree was made just now: nothing in it is work
 */
export async function beforeProgram(place: FoundPlace, { isNew = false } = {}): Promise<void> {
  const { worktreePath, copy, ...context } = place;
  const found = (await plainJson(copy, AsFound)) ?? (await asFoundAt(worktreePath)) ?? NOTHING;
  if (found.work !== undefined) return;
  const entries = isNew ? [] : await differing(worktreePath, context);
  const work = await withoutFound(worktreePath, entries, { found, context });
  await writeFound(place, { ...found, work: work.map(({ path }) => path) });
}

/**
 * Records what differs now, but for the work, as found.
 * @param by the settings of the programs that ran
 * @returns notes for the person about paths that were not found before
 */
export async function afterProgram(place: FoundPlace, by: string): Promise<string[]> {
  const { worktreePath, copy, ...context } = place;
  const { work = [], ...before } = (await plainJson(copy, AsFound)) ?? NOTHING;
  if ((await gitDirOf(worktreePath)) === undefined) return [];
  const works = new Set(work);
  const all = await differing(worktreePath, context);
  const now = all.filter(({ path }) => !works.has(path));
  const isKept = ([path, { print }]: [string, { print: string }]) =>
    works.has(path) || !print.startsWith(`${UNTRACKED}\n`);
  const files: AsFound['files'] = Object.fromEntries(Object.entries(before.files).filter(isKept));
  for (const { path, index } of now) {
    const stamp = stampOf(join(worktreePath, path));
    const print = await printOf(worktreePath, path, { index, context });
    if (print === undefined) continue;
    const { print: last, earlier = [] } = (Object.hasOwn(before.files, path) && before.files[path]) || {};
    const others = [...(last === undefined ? [] : [last]), ...earlier].filter((each) => each !== print);
    files[path] = { print, stamp, ...(others.length > 0 && { earlier: others.slice(0, MAX_EARLIER) }) };
  }
  const hasNew = all.some(({ kind }) => kind === 'untracked');
  const made = hasNew ? await madeNow(worktreePath, work, context) : [];
  await writeFound(place, { v: 1, files, made });
  const fresh = now.filter(({ path }) => !Object.hasOwn(before.files, path));
  return await aboutFound(fresh, { by, made: made.filter((name) => !before.made.includes(name)) }, place);
}

/** New files that are no work, and folders of them. */
async function madeNow(cwd: string, work: readonly string[], context: GitContext): Promise<string[]> {
  const others = ['ls-files', '--others', '--exclude-standard', '--directory', '--no-empty-directory', '-z'];
  const isWork = (name: string) =>
    work.some((path) => path === name || (name.endsWith('/') && path.startsWith(name)));
  const made: string[] = [];
  await readRecords(others, { ...context, cwd }, (name) => {
    if (!isWork(name)) made.push(name);
  });
  return made;
}

async function aboutFound(
  now: readonly StatusEntry[],
  { by, made }: { by: string; made: readonly string[] },
  { worktreePath, copy: _, ...context }: FoundPlace,
): Promise<string[]> {
  const tracked = now.filter(({ kind }) => kind === 'changed').map(({ path }) => path);
  const fresh = await asCheckedOut(worktreePath, now, context);
  const changed = tracked.filter((path) => !fresh.has(path));
  const did = [
    ...(changed.length > 0 ? [`changed ${counted(changed)}`] : []),
    ...(made.length > 0 ? [`made ${listed(made, MAX_NAMED)}, which git does not ignore`] : []),
  ];
  return [
    ...(await aboutCheckout([...fresh], { ...context, cwd: worktreePath })),
    ...(did.length > 0 ? [`${by} ${did.join(' and ')}. ${NO_WORK}`] : []),
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

/** What git says of a checkout, divided into work and what is no work. */
export interface WorkReading extends Pick<StatusReading, 'head' | 'branch'> {
  work: StatusEntry[];
  /** What programs of the project wrote, with folders of new files. */
  found: string[];
}

export async function readWork(worktreePath: string, context: GitContext): Promise<WorkReading> {
  const record = await asFoundAt(worktreePath);
  const how = record === undefined ? [] : [EACH_FILE, '--no-renames'];
  const { head, branch, entries } = await readStatus({ ...context, cwd: worktreePath }, how);
  const work = await withoutFound(worktreePath, entries, { found: record, context });
  const works = new Set(work);
  const { files = {}, made = [] } = record ?? {};
  const found = entries.flatMap((entry) =>
    works.has(entry) || !Object.hasOwn(files, entry.path)
      ? []
      : (made.find((name) => name.endsWith('/') && entry.path.startsWith(name)) ?? entry.path),
  );
  const shown = work.map(({ index: _, isOnlyContent: __, ...entry }): StatusEntry => entry);
  return { head, branch, work: shown, found: [...new Set(found)] };
}

/**
 * Leaves out paths that are unchanged since they were found, and those that are as a checkout makes them: git calls
 * a file with CRLF in the commit and LF in .gitattributes modified, but only once it reads the file.
 */
async function withoutFound(
  worktreePath: string,
  entries: readonly StatusEntry[],
  { found, context }: { found: AsFound | undefined; context: GitContext },
): Promise<StatusEntry[]> {
  const left: StatusEntry[] = [];
  for (const entry of entries) {
    const { path, index } = entry;
    const then = found && Object.hasOwn(found.files, path) ? found.files[path] : undefined;
    const stamp = stampOf(join(worktreePath, path));
    const isSame =
      then !== undefined &&
      (stamp !== '' && then.stamp === stamp
        ? then.print.startsWith(`${index}\n`)
        : isOneOf(then, await printOf(worktreePath, path, { index, context })));
    if (!isSame) left.push(entry);
  }
  const fresh = await asCheckedOut(worktreePath, left, context);
  return left.filter(({ path }) => !fresh.has(path));
}

function isOneOf({ print, earlier = [] }: z.infer<typeof FoundFile>, now: string | undefined): boolean {
  return now !== undefined && (now === print || earlier.includes(now));
}

/** The paths of those whose content is what a checkout writes. */
async function asCheckedOut(
  worktreePath: string,
  entries: readonly StatusEntry[],
  context: GitContext,
): Promise<Set<string>> {
  const paths = entries.filter(({ isOnlyContent }) => isOnlyContent).map(({ path }) => path);
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

/** What differs from the commit. Conflicts are no part of it: they belong to an unfinished merge, and always count. */
async function differing(cwd: string, context: GitContext): Promise<StatusEntry[]> {
  const { entries } = await readStatus({ ...context, cwd }, [EACH_FILE, '--no-renames']);
  return entries.filter(({ index }) => index !== undefined);
}

function stampOf(path: string): string {
  const stats = statsAt(path);
  return stats?.isFile() ? fileIdentity(stats) : '';
}

/** Undefined for an unreadable path, which never counts as unchanged. */
async function printOf(
  worktreePath: string,
  path: string,
  { index, context }: { index: string | undefined; context: GitContext },
): Promise<string | undefined> {
  if (index === undefined) return undefined;
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
