import { existsSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ifExists, ifThere } from '../../kernel/errors.ts';
import { writeUnsynced, writeWhole } from '../../kernel/files/atomic-file.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { once } from '../../kernel/once.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { type ConfigEntry, configEntries } from '../git/config.ts';
import { ALL_FILES_LIMIT_MS, type GitOptions, gitLine, inGitDir } from '../git/git.ts';
import { type Setting, smudgingFilters } from '../git/git-programs.ts';
import { commonDirOf, type GitContext, hashIn } from '../git/repository.ts';

/**
 * A separate git folder in a session's machine state. Its indexes record the files of the worktree and the session
 * folder byte for byte. A few settings and the excludes are copied at its creation; later changes to them, and any
 * attributes or filters, have no influence. Objects go to the repository, whose refs keep them alive.
 */
export interface CheckpointStore {
  dir: string;
  /** The git folder that all worktrees of the repository share. */
  commonDir: string;
  /** Its settings file. */
  config: string;
  context: GitContext;
  /** The filters that write other bytes into a worktree than the repository has, except LFS. git is asked once. */
  decrypting: () => Promise<ReadonlySet<string>>;
}

export type KeptPart = 'worktree' | 'session';

const Settings = z.object({
  v: z.literal(1),
  commonDir: z.string(),
  config: z.string(),
  exclude: z.string(),
});
type Settings = z.infer<typeof Settings>;

export interface StorePlace extends GitContext {
  mainRepo: string;
  storeDir: string;
  /** The settings that name programs, if the caller has just read them. */
  programs?: readonly Setting[];
}

/** Opens the store; the first call creates it, before any agent can change what it is made from. */
export async function openStore({
  mainRepo,
  storeDir,
  programs,
  ...context
}: StorePlace): Promise<CheckpointStore> {
  const kept = Settings.safeParse(parseJson(textAt(join(storeDir, 'store.json')) ?? '')).data;
  const commonDir = kept?.commonDir ?? (await commonDirOf(mainRepo, context));
  const entries = once(async () => await configEntries(inGitDir(commonDir, context)));
  const settings = kept ?? (await settingsFrom(commonDir, await entries()));
  for (const folder of FOLDERS) makeFolder(join(storeDir, folder));
  if (!kept)
    await writeWhole(join(storeDir, 'store.json'), `${JSON.stringify(settings)}\n`, { sync: 'file' });
  rewriteSettings(storeDir, settings);
  const all = async () => (await entries()).map(({ key, value }): Setting => [key, value]);
  const decrypting = once(async () => decryptingAmong(programs ?? (await all())));
  return { dir: storeDir, commonDir, config: settings.config, context, decrypting };
}

function decryptingAmong(settings: readonly Setting[]): ReadonlySet<string> {
  const filters = new Set(smudgingFilters(settings));
  filters.delete('lfs');
  return filters;
}

/** An agent may have replaced commits by others (`git replace`). */
const AS_STORED = { GIT_NO_REPLACE_OBJECTS: '1' };

const FOLDERS = ['info', 'refs', 'objects/info'];

/** Options for git calls on the files of one part, with its private index. */
export function partOptions(store: CheckpointStore, part: KeptPart, folder: string): GitOptions {
  const { dir, commonDir, context } = store;
  const env = {
    ...AS_STORED,
    GIT_DIR: dir,
    GIT_WORK_TREE: folder,
    GIT_INDEX_FILE: indexOf(store, part),
    GIT_OBJECT_DIRECTORY: join(commonDir, 'objects'),
  };
  return { ...context, cwd: folder, env, timeoutMs: ALL_FILES_LIMIT_MS };
}

/** Options for git calls on the repository's objects and refs, regardless of the worktree. */
export function repositoryOptions({ commonDir, context }: CheckpointStore): GitOptions {
  return inGitDir(commonDir, { ...context, env: AS_STORED, timeoutMs: ALL_FILES_LIMIT_MS });
}

/** An older checkpoint lacks a folder without files: its tree is the empty one. */
export async function treeIn(store: CheckpointStore, commit: string, part: string): Promise<string> {
  const hash = await hashIn(commit, { kind: 'tree', path: part }, repositoryOptions(store));
  return hash ?? (await emptyTree(store));
}

export async function emptyTree(store: CheckpointStore): Promise<string> {
  return await gitLine(['mktree'], { ...repositoryOptions(store), input: '' });
}

/** Removes locks left by a crashed git; the store has one user at a time. */
export function clearLocks({ dir }: CheckpointStore): void {
  for (const part of ['worktree', 'session']) rmSync(join(dir, `${part}.index.lock`), { force: true });
}

export function removeIndex(store: CheckpointStore, part: KeptPart): void {
  rmSync(indexOf(store, part), { force: true });
}

export function indexOf({ dir }: CheckpointStore, part: KeptPart): string {
  return join(dir, `${part}.index`);
}

// Synchronous: five small files, read before and after every agent.
function textAt(path: string): string | undefined {
  return ifThere(() => readFileSync(path, 'utf8'));
}

// Overrides every .gitattributes, so files are stored byte for byte.
const ATTRIBUTES = '* -text !eol !ident !filter !working-tree-encoding\n';

/** Rewrites the settings files at each opening: neither a change made in between nor a power cut has an effect. */
function rewriteSettings(dir: string, { config, exclude }: Settings): void {
  const files = {
    HEAD: 'ref: refs/heads/none\n',
    config,
    'info/attributes': ATTRIBUTES,
    'info/exclude': exclude,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    if (textAt(path) !== text) writeUnsynced(path, text);
  }
}

const COPIED_SETTINGS = /^core\.(?:filemode|symlinks|precomposeunicode)$/;

async function settingsFrom(commonDir: string, entries: readonly ConfigEntry[]): Promise<Settings> {
  const own = entries.filter(({ scope }) => scope === 'local');
  const taken = own
    .filter(({ key, value }) => COPIED_SETTINGS.test(key) && /^(?:true|false)$/.test(value))
    .map(({ key, value }) => `\t${key.slice('core.'.length)} = ${value}\n`);
  const sha256 = own.some(({ key, value }) => key === 'extensions.objectformat' && value === 'sha256');
  // As `git init` finds out: what the settings say may not be true.
  const ignorecase = existsSync(join(commonDir, 'CoNfIg'));
  const core = `[core]\n\trepositoryformatversion = ${sha256 ? 1 : 0}\n\tbare = false\n\tautocrlf = false\n\tprotectNTFS = false\n\tprotectHFS = false\n\tignorecase = ${ignorecase}\n`;
  const extension = sha256 ? '[extensions]\n\tobjectformat = sha256\n' : '';
  const exclude = (await ifExists(readFile(join(commonDir, 'info/exclude'), 'utf8'))) ?? '';
  return { v: 1, commonDir, config: `${core}${taken.join('')}${extension}`, exclude };
}
