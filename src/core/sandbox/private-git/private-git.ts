import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ifThere, orNothing } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson, plainText } from '../../kernel/files/plain-file.ts';

/**
 * An agent's private git folder, in its session's run folder: the guard mounts it over the git folder shared by all
 * worktrees. The agent's commits are collected from it once no process of the agent runs.
 */
export interface PrivateGit {
  /** Written by agents. No git is ever started in it outside the guard: agents control its settings. */
  dir: string;
  /** The path of samocode's last record about it: see `Note`. */
  note: string;
  /** A repository of ours for fetching its objects. */
  view: string;
  /** The last folder whose work could not be collected. */
  refused: string;
}

export function privateGitIn(runDir: string): PrivateGit {
  const hidden = (name: string) => join(runDir, `.${name}`);
  const dir = join(runDir, 'git');
  return { dir, note: join(runDir, 'git.json'), view: hidden('git-view'), refused: hidden('git-refused') };
}

/** The mount point of the real objects and LFS files inside the guard. */
export function basePlace(dir: string, name: 'objects' | 'lfs'): string {
  return join(dir, 'base', name);
}

const Note = z.object({
  branch: z.string(),
  /** The tip of the branch when the folder was made, later the last collected one. */
  tip: z.string(),
  /** The worktree's index does not have it yet: another git held the index's lock. */
  isIndexBehind: z.literal(true).optional(),
});
export type Note = z.infer<typeof Note>;

const MAX_BYTES = 64 * 1024;
const MAX_PACKED_BYTES = 64 * 1024 * 1024;

export async function readNote({ note }: PrivateGit): Promise<Note | undefined> {
  return await plainJson(note, Note);
}

export async function writeNote({ note }: PrivateGit, what: Note): Promise<void> {
  // An older one, after a power cut, collects again what has been collected.
  await writeWhole(note, `${JSON.stringify(what)}\n`, { sync: 'file' });
}

const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Names without characters that are special to a shell, or in git's lines and paths. */
const REF = /^refs\/(?:heads|tags|remotes)(?:\/[\p{L}\p{N}_@+#%=,~-][\p{L}\p{N}_.@+#%=,~-]*)+$/u;

export function isFitName(ref: string): boolean {
  return REF.test(ref) && !ref.includes('..') && !/\.lock(?:\/|$)/.test(ref);
}

/** The commit of a ref, from its file or the packed refs; undefined if there is none. */
export async function privateRef(dir: string, ref: string): Promise<string | undefined> {
  const own = await refFile(dir, ref);
  return own === undefined ? (await packedRefs(dir)).get(ref) : HASH.exec(own)?.[0];
}

async function refFile(dir: string, ref: string): Promise<string | undefined> {
  if (!isPlainFolder(dir, ref.slice(0, ref.lastIndexOf('/')))) return undefined;
  return (await plainText(join(dir, ref), MAX_BYTES))?.trim();
}

/**
 * The tip of a branch an agent is working on, and how a read-only git call finds its objects; undefined if the branch
 * itself is current. A git that writes must not use them: its new objects could refer to refused ones.
 */
export async function liveTip(
  git: PrivateGit,
  branch: string,
): Promise<{ tip: string; env: Record<string, string> } | undefined> {
  const note = await readNote(git);
  const tip = note?.branch === branch ? await privateRef(git.dir, `refs/heads/${branch}`) : undefined;
  if (tip === undefined || tip === note?.tip) return undefined;
  return { tip, env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(join(git.dir, 'objects')) } };
}

/** Name → commit of the packed refs. */
export async function packedRefs(dir: string): Promise<Map<string, string>> {
  return refsIn((await plainText(join(dir, 'packed-refs'), MAX_PACKED_BYTES)) ?? '');
}

/** Name → hash, from lines of hash and name. */
export function refsIn(text: string): Map<string, string> {
  const pairs = text.split('\n').map((line): [string, string] => {
    const at = line.indexOf(' ');
    return [line.slice(at + 1), line.slice(0, at)];
  });
  return new Map(pairs.filter(([name, hash]) => HASH.test(hash) && name.startsWith('refs/')));
}

/** Name → commit of all branches with safe names. */
export async function privateHeads(dir: string): Promise<Map<string, string>> {
  const heads = await packedRefs(dir);
  // A ref file overrides the packed refs.
  for (const name of refFiles(dir, 'refs/heads')) {
    const commit = HASH.exec((await refFile(dir, name)) ?? '')?.[0];
    if (commit === undefined) heads.delete(name);
    else heads.set(name, commit);
  }
  return new Map([...heads].filter(([name]) => name.startsWith('refs/heads/') && isFitName(name)));
}

function refFiles(dir: string, folder: string): string[] {
  if (!isPlainFolder(dir, folder)) return [];
  return (namesAt(join(dir, folder)) ?? []).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statsAt(join(dir, path))?.isDirectory() ? refFiles(dir, path) : [path];
  });
}

/** Not shown to agents. */
const HIDDEN_REFS = /^refs\/(?:samocode(?:\/|$)|stash$)/;
/** What git allows in no name of a ref, and skips. */
const NO_REF = /[^!-~\u0080-\u00ff]|[~^:?*[\\]|\.\.|@\{|\/\.|\.lock(?:\/|$)|\.$/;

const LINK = 'ref:';
/** As many as git follows. */
const MAX_LINKS = 5;

/**
 * Name → object of the user's refs, one character for every byte, as `git for-each-ref` lists them; without those that
 * agents must not see.
 */
export function usersRefs(commonDir: string): ReadonlyMap<string, string> {
  // The files first: what is packed in the meantime is then in the packed refs.
  const files = looseRefs(Buffer.from(commonDir).toString('latin1'), 'refs');
  const packed = ifThere(() => readFileSync(join(commonDir, 'packed-refs'), 'latin1'));
  const refs = refsIn(packed ?? '');
  for (const [name, text] of files) {
    let found = text;
    for (let links = 0; links < MAX_LINKS && found.startsWith(LINK); links += 1) {
      const target = found.slice(LINK.length).trimStart();
      found = files.get(target) ?? refs.get(target) ?? '';
    }
    if (HASH.test(found)) refs.set(name, found);
    else refs.delete(name);
  }
  return new Map([...refs].filter(([name]) => !HIDDEN_REFS.test(name) && !NO_REF.test(name)));
}

/** Name → content of the files of refs. Folder and names have one character for every byte. */
function looseRefs(dir: string, folder: string): Map<string, string> {
  const at = (name: string) => Buffer.from(`${dir}/${name}`, 'latin1');
  const entries = ifThere(() => readdirSync(at(folder), { encoding: 'latin1', withFileTypes: true })) ?? [];
  return new Map(
    entries.flatMap((entry): [string, string][] => {
      const name = `${folder}/${entry.name}`;
      if (HIDDEN_REFS.test(name)) return [];
      if (entry.isDirectory()) return [...looseRefs(dir, name)];
      // Git takes no older value for a file that it cannot read, either; one that is gone has been packed, or removed.
      const text = orNothing(() => ifThere(() => readFileSync(at(name), 'latin1').trimEnd()) ?? null);
      return text === null ? [] : [[name, text ?? '']];
    }),
  );
}

/** Whether a path below `dir` and all its parents are real folders, not links. */
export function isPlainFolder(dir: string, path: string): boolean {
  const parts = path.split('/');
  return parts.every((_, at) => statsAt(join(dir, ...parts.slice(0, at + 1)))?.isDirectory());
}

/** The checked-out branch, or commit, of the private folder's worktree. */
export async function privateHead(dir: string, worktreeName: string): Promise<string | undefined> {
  const folder = `worktrees/${worktreeName}`;
  if (!isPlainFolder(dir, folder)) return undefined;
  const text = (await plainText(join(dir, folder, 'HEAD'), MAX_BYTES))?.trim() ?? '';
  return HASH.exec(text)?.[0] ?? /^ref: (.+)$/.exec(text)?.[1];
}
