import { copyFileSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { type GitOptions, inGitDir, runGit } from '../../project/git/git.ts';
import { borrowedBy } from '../../project/git/own-repository.ts';
import { removeTree } from '../../project/git/remove-tree.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { asFoundIn } from '../../project/worktrees/as-found.ts';
import {
  basePlace,
  isFitName,
  isPlainFolder,
  type Note,
  type PrivateGit,
  packedRefs,
  privateHead,
  privateRef,
  readNote,
  usersRefs,
  writeNote,
} from './private-git.ts';

export interface PrivateGitPlan {
  git: PrivateGit;
  commonDir: string;
  /** The worktree's git folder, inside commonDir. */
  gitDir: string;
  branch: string;
}

/** Folders that the private git folder has itself; the shared one's other folders are bound read-only. */
const OWN = ['objects', 'refs', 'logs', 'info', 'hooks', 'worktrees', 'rr-cache', 'lfs', 'base'];
const BELOW_OWN = ['objects/info', 'objects/pack', 'refs/heads', 'base/objects', 'base/lfs'];

/**
 * Prepares the folder for an agent. If the branch is still at the last collected tip, the previous agent's state (a
 * stash, a rebase, an index) is kept; otherwise it is created again. Settings and refs are always copied again.
 * @returns names of the folders bound over it, read-only
 */
export async function makePrivateGit(plan: PrivateGitPlan, context: GitContext): Promise<string[]> {
  const { git, commonDir, gitDir, branch } = plan;
  const refs = usersRefs(commonDir);
  const tip = refs.get(`refs/heads/${branch}`) ?? '';
  const bound = foldersIn(commonDir).filter((name) => !OWN.includes(name));
  const own = basename(gitDir);
  const folders = [...OWN, ...BELOW_OWN, ...bound];
  const note = await readNote(git);
  const isKept =
    isSame(note, { branch, tip }) &&
    [...folders, `worktrees/${own}`].every((folder) => isPlainFolder(git.dir, folder)) &&
    (await privateHead(git.dir, own)) !== undefined &&
    (await privateRef(git.dir, `refs/heads/${branch}`)) === tip;
  if (!isKept) await clear(git.dir);
  // Bound folders need a mount point too.
  for (const name of folders) makeFolder(join(git.dir, name));
  await copySettings(plan, context);
  await excludeMade(plan);
  await copyWorktrees(plan, isKept);
  await writeRefs(git.dir, refs);
  await writeAlternates(plan, context);
  for (const folder of [join(gitDir, 'modules'), join(commonDir, 'objects/info')]) makeFolder(folder);
  const { isIndexBehind } = note ?? {};
  if (!isSame(note, { branch, tip })) await writeNote(git, { branch, tip, isIndexBehind });
  return bound;
}

function isSame(one: Note | undefined, other: Note): boolean {
  return one?.branch === other.branch && one.tip === other.tip;
}

/** Hooks stay, and settings until they are rewritten: SETUP may have used both to install hooks. */
const CARRIED = ['config', 'hooks'];

async function clear(dir: string): Promise<void> {
  for (const name of namesAt(dir) ?? []) {
    const isFit = CARRIED.includes(name) && statsAt(join(dir, name))?.isSymbolicLink() === false;
    if (!isFit) await removeTree(join(dir, name));
  }
}

const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;
/** The refs, which `writeRefs` writes, and the locks of running git processes. */
const NOT_COPIED = /^packed-refs$|\.lock$/;

async function copySettings({ git: { dir }, commonDir }: PrivateGitPlan, context: GitContext): Promise<void> {
  const main = inGitDir(commonDir, context);
  const hooksPath = await hooksPathIn(join(dir, 'config'), main);
  // Written as a draft and renamed, because an agent may have left a link at the target.
  const draft = join(dir, '.samocode-draft');
  for (const folder of ['', 'info']) {
    for (const name of namesAt(join(commonDir, folder)) ?? []) {
      const from = join(commonDir, folder, name);
      if (NOT_COPIED.test(name) || !statsAt(from)?.isFile()) continue;
      rmSync(draft, { recursive: true, force: true });
      copyFileSync(from, draft);
      const to = join(dir, folder, name);
      if (statsAt(to)?.isDirectory()) await removeTree(to);
      renameSync(draft, to);
    }
  }
  for (const name of namesAt(join(commonDir, 'hooks')) ?? [])
    if (statsAt(join(dir, 'hooks', name)) === undefined)
      cpSync(join(commonDir, 'hooks', name), join(dir, 'hooks', name), { recursive: true });
  if (hooksPath !== '')
    await runGit(['config', '--file', join(dir, 'config'), 'core.hooksPath', hooksPath], main);
}

/** Keeps files made by SETUP out of the agent's `git add --all`. */
async function excludeMade({ git: { dir }, gitDir }: PrivateGitPlan): Promise<void> {
  const made = (await asFoundIn(gitDir))?.made ?? [];
  if (made.length === 0) return;
  const lines = made.map((name) => `/${name.replace(/[\\*?[\]]|\s$/g, '\\$&')}\n`);
  const path = join(dir, 'info/exclude');
  const own = (await plainText(path, MAX_SETTINGS_BYTES)) ?? '';
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, `${own.replace(/\n?$/, '\n')}${lines.join('')}`);
}

/** The hooks path set in the private git folder, as husky does; empty if there is none. */
async function hooksPathIn(config: string, options: GitOptions): Promise<string> {
  const input = (await plainText(config, MAX_SETTINGS_BYTES)) ?? '';
  if (!/hookspath/i.test(input)) return '';
  const ask = ['config', '--file', '-', '--get', 'core.hooksPath'];
  return (await runGit(ask, { ...options, input, allowFailure: true })).stdout.trim();
}

/** Writes the user's refs and the packed refs of agents. */
async function writeRefs(dir: string, refs: ReadonlyMap<string, string>): Promise<void> {
  const own = [...(await packedRefs(dir))].filter(([name]) => isFitName(name) || name === 'refs/stash');
  const all = new Map([...own.map(([name, hash]) => [asBytes(name), hash] as const), ...refs]);
  const lines = [...all].map(([name, hash]) => `${name} ${hash}`).sort();
  const text = lines.map((line) => line.replace(/^(.*) (\w+)$/s, '$2 $1\n'));
  rmSync(join(dir, 'packed-refs'), { recursive: true, force: true });
  writeFileSync(join(dir, 'packed-refs'), `# pack-refs with: sorted \n${text.join('')}`, 'latin1');
}

function asBytes(name: string): string {
  return Buffer.from(name).toString('latin1');
}

async function writeAlternates(
  { git: { dir }, commonDir }: PrivateGitPlan,
  context: GitContext,
): Promise<void> {
  // Few repositories borrow objects; git is asked only about those.
  const borrows = statsAt(join(commonDir, 'objects/info/alternates')) !== undefined;
  const further = borrows ? await borrowedBy(inGitDir(commonDir, context)) : [];
  const places = [basePlace(dir, 'objects'), join(commonDir, 'objects'), ...further];
  const path = join(dir, 'objects/info/alternates');
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, places.map((place) => `${place}\n`).join(''));
}

/** The files by which git knows the other worktrees. */
const WORKTREE_FILES = ['HEAD', 'commondir', 'gitdir'];

async function copyWorktrees(
  { git: { dir }, commonDir, gitDir }: PrivateGitPlan,
  isKept: boolean,
): Promise<void> {
  const own = basename(gitDir);
  const [from, to] = [join(commonDir, 'worktrees'), join(dir, 'worktrees')];
  const read = (folder: string) =>
    Promise.all(WORKTREE_FILES.map((file) => plainText(join(folder, file), MAX_SETTINGS_BYTES)));
  for (const name of foldersIn(from).filter((each) => each !== own)) {
    const texts = await read(join(from, name));
    // Unchanged in most cases, and each session has one.
    const hasOnlyThese = namesAt(join(to, name))?.every((each) => WORKTREE_FILES.includes(each)) ?? false;
    if (hasOnlyThese && isPlainFolder(to, name) && isDeepStrictEqual(await read(join(to, name)), texts))
      continue;
    await removeTree(join(to, name));
    mkdirSync(join(to, name));
    for (const [at, file] of WORKTREE_FILES.entries())
      if (texts[at] !== undefined) writeFileSync(join(to, name, file), texts[at]);
  }
  const modules = join(gitDir, 'modules');
  const files = { recursive: true, filter: (path: string) => path !== modules };
  if (!isKept) cpSync(gitDir, join(to, own), files);
  // An agent may have redirected them.
  for (const name of ['commondir', 'gitdir']) await removeTree(join(to, own, name));
  writeFileSync(join(to, own, 'commondir'), `${commonDir}\n`);
  copyFileSync(join(gitDir, 'gitdir'), join(to, own, 'gitdir'));
  makeFolder(join(to, own, 'modules'));
}

function foldersIn(folder: string): string[] {
  return (namesAt(folder) ?? []).filter((name) => statsAt(join(folder, name))?.isDirectory());
}
