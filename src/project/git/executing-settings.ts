import { constants, readFileSync, readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { ifThere, systemErrorCode } from '../../base/errors.ts';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { plainText } from '../../base/files/plain-file.ts';
import { parseJson } from '../../base/parse-json.ts';
import { visibleControls } from '../../base/plain-words.ts';
import { allSettings, programsAmong } from './all-settings.ts';
import { executes, namesProgram, Setting } from './git-programs.ts';
import type { GitContext } from './repository.ts';

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

/** Reads by what git would start programs. Nothing of it is executed. */
export async function readExecuting(folders: GitFolders, context: GitContext): Promise<Executing> {
  const { commonDir, worktreePath } = folders;
  // The main checkout may have settings that hold in no other worktree.
  const isMainApart = worktreePath === undefined || statsAt(join(commonDir, 'config.worktree')) !== undefined;
  const places = [...(worktreePath === undefined ? [] : [worktreePath]), ...(isMainApart ? [commonDir] : [])];
  const there = places.filter((place) => namesAt(place) !== undefined);
  const found = await Promise.all(there.map((place) => allSettings(place, context)));
  // Every repository has some: none are told of by a worktree that is gone or whose `.git` leads nowhere.
  const isTold = found[0]?.some(({ isOfRepository }) => isOfRepository);
  const { repository, outside } = programsAmong(
    isTold ? found.flat() : await allSettings(commonDir, context),
  );
  const hooks = [join(commonDir, 'hooks'), ...hookFolders([...repository, ...outside], folders, context)];
  return {
    repository: [...repository],
    outside: [...outside],
    hooks: Object.assign({}, ...hooks.map(hooksIn)),
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

function hooksIn(folder: string): Record<string, string> {
  const hooks: Record<string, string> = {};
  for (const name of namesAt(folder) ?? []) {
    const print = name.endsWith('.sample') ? undefined : hookAt(join(folder, name));
    if (print !== undefined) hooks[join(folder, name)] = print;
  }
  return hooks;
}

function hookAt(path: string): string | undefined {
  const found = statsAt(path);
  if (found?.isSymbolicLink()) return ifThere(() => `a link to ${readlinkSync(path)}`);
  if (!found?.isFile() || (found.mode & constants.S_IXUSR) === 0) return undefined;
  return ifThere(() => fingerprint(readIfMay(path)));
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
