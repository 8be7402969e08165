import { constants, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { ifThere, systemErrorCode } from '../../base/errors.ts';
import { fileIdentity, fingerprint } from '../../base/files/fingerprint.ts';
import { gitDirOf } from '../../base/files/git-pointer.ts';
import { namesAt } from '../../base/files/look-at.ts';
import { plainText } from '../../base/files/plain-file.ts';
import { parseJson } from '../../base/parse-json.ts';
import { visibleControls } from '../../base/plain-words.ts';
import { allSettings, programsAmong, type ScopedSetting } from './all-settings.ts';
import { executes, namesProgram, Setting } from './git-programs.ts';
import type { GitContext } from './repository.ts';
import { SettingsMemory } from './settings-memory.ts';

/** By what git would start programs, at one moment. */
export const Executing = z.object({
  /** Settings of the repository and its worktree, in the order in which git reads them. */
  repository: z.array(Setting),
  /** Of the person and the machine. */
  outside: z.array(Setting),
  /** Hooks that git would run: what stands in each, by its absolute path. */
  hooks: z.record(z.string(), z.string()),
});
export type Executing = z.infer<typeof Executing>;

export interface GitFolders {
  /** The git folder that all worktrees share. */
  commonDir: string;
  /** The worktree, whose `.git` file says where its own git folder is; absent before it is made. */
  worktreePath?: string;
}

/**
 * Reads by what git would start programs. Nothing of it is executed.
 * @param memory of whoever looks again and again; git is asked only when a settings file has changed
 */
export async function readExecuting(
  folders: GitFolders,
  context: GitContext,
  memory = new SettingsMemory(),
): Promise<Executing> {
  const { commonDir, worktreePath } = folders;
  const files: Record<string, string> = {};
  for (const path of await settingFiles(folders)) {
    const print = printAt(path);
    if (print !== undefined) files[path] = print;
  }
  // The main checkout may have settings that hold in no other worktree.
  const isMainApart = worktreePath === undefined || files[join(commonDir, 'config.worktree')] !== undefined;
  const places = [...(worktreePath === undefined ? [] : [worktreePath]), ...(isMainApart ? [commonDir] : [])];
  const settings = await memory.settings(files, context, async () => {
    const found = await Promise.all(places.map((place) => settingsAt(place, context)));
    // Every repository has some: none are told of by a worktree that is gone or whose `.git` leads nowhere.
    const isTold = found[0]?.some(({ isOfRepository }) => isOfRepository);
    return isTold ? found.flat() : await allSettings(commonDir, context);
  });
  const { repository, outside } = programsAmong(settings);
  return {
    repository: [...repository],
    outside: [...outside],
    hooks: Object.assign(
      {},
      ...[join(commonDir, 'hooks'), ...hookFolders([...repository, ...outside], folders, context)].map(
        hooksIn,
      ),
    ),
  };
}

/** Where else hooks are taken from. What lies in the worktree is the agent's work, and shown as that. */
function hookFolders(
  settings: readonly Setting[],
  { worktreePath }: GitFolders,
  { baseEnv }: GitContext,
): string[] {
  return settings
    .filter(([key]) => key === 'core.hookspath')
    .map(([, value]) => value.replace(/^~(?=\/|$)/, () => baseEnv.HOME ?? '~'))
    .filter((path) => isAbsolute(path) && !(worktreePath && `${path}/`.startsWith(`${worktreePath}/`)));
}

const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** An earlier samocode kept settings of the repository alone, those that its own calls obey, and called them so. */
const Kept = Executing.partial().extend({ programs: Executing.shape.repository.optional() });

/**
 * What was accepted, as it is kept at `path`. Where that is missing or damaged, nothing of the repository was; what an
 * earlier samocode did not look at counts as it stands now.
 */
export async function acceptedAt(path: string, now: Executing): Promise<Executing> {
  const { repository, outside, hooks } = now;
  const text = await plainText(path, MAX_KEPT_BYTES);
  const kept = text === undefined ? undefined : Kept.safeParse(parseJson(text)).data;
  if (kept === undefined) return { repository: [], outside, hooks: {} };
  return {
    outside: kept.outside ?? outside,
    hooks: kept.hooks ?? hooks,
    repository: kept.repository ?? [
      ...(kept.programs ?? repository.filter(namesProgram)),
      ...repository.filter((setting) => !namesProgram(setting)),
    ],
  };
}

/** What of it was added, removed or changed, each in a line for people. */
export function changedExecuting(before: Executing, now: Executing): string[] {
  return [
    ...changedValues(byKey(before.repository), byKey(now.repository)),
    ...changedValues(byKey(before.outside), byKey(now.outside), ' (outside of the repository)'),
    ...changedValues(before.hooks, now.hooks),
  ];
}

function changedValues(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
  where = '',
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => before[key] !== now[key])
    .sort()
    .map((key) => `${shown(key)}${where}: ${shown(before[key])} -> ${shown(now[key])}`);
}

const MAX_SHOWN = 120;

function shown(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  const words = visibleControls(text.replaceAll(/[\n\t]/g, ' '));
  return words.length > MAX_SHOWN ? `${words.slice(0, MAX_SHOWN)}…` : words;
}

function byKey(settings: readonly Setting[]): Record<string, string> {
  const values = new Map<string, Set<string>>();
  // Two folders of one repository may both tell of it.
  for (const [key, value] of settings.filter(executes))
    values.set(key, (values.get(key) ?? new Set()).add(value));
  return Object.fromEntries([...values].map(([key, all]) => [key, [...all].join(', ')]));
}

async function settingsAt(place: string, context: GitContext): Promise<ScopedSetting[]> {
  return namesAt(place) === undefined ? [] : await allSettings(place, context);
}

async function settingFiles({ commonDir, worktreePath }: GitFolders): Promise<string[]> {
  const gitDir = worktreePath === undefined ? undefined : await gitDirOf(worktreePath);
  const pointers = gitDir === undefined ? [] : [join(gitDir, 'commondir'), join(gitDir, 'gitdir')];
  const gitDirs = [commonDir, ...(gitDir === undefined ? [] : [gitDir])];
  return [
    ...(worktreePath === undefined ? [] : [join(worktreePath, '.git')]),
    ...pointers,
    ...gitDirs.flatMap((dir) => [join(dir, 'config'), join(dir, 'config.worktree')]),
  ];
}

function hooksIn(folder: string): Record<string, string> {
  const hooks: Record<string, string> = {};
  for (const name of namesAt(folder) ?? []) {
    const print = name.endsWith('.sample') ? undefined : printAt(join(folder, name), { programsOnly: true });
    if (print !== undefined) hooks[join(folder, name)] = print;
  }
  return hooks;
}

// Small files on the machine's own disk, after every child: waiting for each would cost ten times as much.
function printAt(path: string, { programsOnly = false } = {}): string | undefined {
  return ifThere(() => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return undefined;
    if (found.isSymbolicLink()) return `a link to ${readlinkSync(path)}`;
    if (programsOnly && (found.mode & constants.S_IXUSR) === 0) return undefined;
    if (!found.isFile()) return programsOnly ? undefined : 'no file';
    return hashAt(path, fileIdentity(found));
  });
}

/** A shared folder of hooks may hold hundreds of programs, and the same ones are looked at after every child. */
const hashes = new Map<string, { id: string; hash: string }>();

function hashAt(path: string, id: string): string {
  const known = hashes.get(path);
  if (known?.id === id) return known.hash;
  const hash = fingerprint(readIfMay(path));
  hashes.set(path, { id, hash });
  return hash;
}

/** What only another user may read is known by its name and rights alone. */
function readIfMay(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error;
    return 'it may not be read';
  }
}
