import { constants, readFileSync, readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { changedKeys } from '../../kernel/changed-keys.ts';
import { ifThere, systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { cut, visibleControls } from '../../kernel/text.ts';
import { type ConfigEntry, configEntries } from './config.ts';
import { type GitOptions, inGitDir } from './git.ts';
import { executes, namesProgram, Setting } from './git-programs.ts';
import type { GitContext } from './repository.ts';

export const Executing = z.object({
  /** Settings of the repository and its worktree, in the order in which git reads them. */
  repository: z.array(Setting),
  /** User and system settings. */
  outside: z.array(Setting),
  /** Hooks that git would run: absolute path → hash. */
  hooks: z.record(z.string(), z.string()),
});
export type Executing = z.infer<typeof Executing>;

export const NOTHING_EXECUTING: Executing = { repository: [], outside: [], hooks: {} };

export interface GitFolders {
  commonDir: string;
  /** The worktree; absent before it is created. */
  worktreePath?: string;
}

/**
 * Settings and hooks that make git run a program. Runs none of them.
 * @throws GitError if git does not list all settings
 */
export async function readExecuting(folders: GitFolders, context: GitContext): Promise<Executing> {
  const { commonDir, worktreePath } = folders;
  // The main checkout can have its own settings.
  const isMainApart = worktreePath === undefined || statsAt(join(commonDir, 'config.worktree')) !== undefined;
  const places = [...(worktreePath === undefined ? [] : [worktreePath]), ...(isMainApart ? [commonDir] : [])];
  const asked = (folder: string) =>
    folder === commonDir ? inGitDir(commonDir, context) : { ...context, cwd: folder, allowFailure: true };
  const found = await Promise.all(
    places.filter((place) => namesAt(place) !== undefined).map((folder) => settingsAt(asked(folder))),
  );
  // Every repository has some settings; none means that the worktree is gone or its `.git` is broken.
  const isWhole = found[0]?.some(isOfRepository);
  const settings = programsAmong(isWhole ? found.flat() : await settingsAt(asked(commonDir)));
  const hooks = [join(commonDir, 'hooks'), ...hookFolders(settings, folders, context)];
  return { ...settings, hooks: Object.assign({}, ...hooks.map(hooksIn)) };
}

/** The accepted settings kept at `path`. If that is missing or damaged, no repository setting is accepted. */
export async function acceptedAt(path: string, now: Executing): Promise<Executing> {
  const kept = await plainJson(path, Executing);
  return kept ?? { ...NOTHING_EXECUTING, outside: now.outside };
}

/**
 * Describes each setting that was added, removed or changed in one line, for people.
 * @param forOthers also those by which git starts programs for people and agents, and never for us
 */
export function changedExecuting(
  before: Executing,
  now: Executing,
  { forOthers = true }: { forOthers?: boolean } = {},
): string[] {
  const [then, today] = [settingValues(before, forOthers), settingValues(now, forOthers)];
  return changedKeys(then, today).map((key) => `${shown(key)}: ${shown(then[key])} -> ${shown(today[key])}`);
}

/**
 * What git runs for us by settings of the repository itself, as one sentence; undefined if nothing.
 * @param settings those in effect, if the caller has just read them
 */
export async function runByRepository(
  mainRepo: string,
  context: GitContext,
  settings?: readonly ConfigEntry[],
): Promise<string | undefined> {
  const { repository } = programsAmong(
    settings?.filter(isInFile) ?? (await settingsAt({ ...context, cwd: mainRepo })),
  );
  const running = repository.filter((setting) => namesProgram(setting) && executes(setting));
  if (running.length === 0) return undefined;
  const named = running.map(([key, value]) => `${key}=${shown(value)}`);
  return `By settings of ${mainRepo}, git runs programs: ${named.join('; ')}.`;
}

function settingValues(
  { repository, outside, hooks }: Executing,
  forOthers: boolean,
): Record<string, string> {
  const values = new Map<string, Set<string>>();
  // Both folders of a repository can define the same setting.
  const add = (settings: readonly Setting[], where: string) => {
    for (const [key, value] of settings.filter((each) => executes(each) && (forOthers || namesProgram(each))))
      values.set(`${key}${where}`, (values.get(`${key}${where}`) ?? new Set()).add(value));
  };
  add(repository, '');
  add(outside, ' (outside of the repository)');
  return {
    ...Object.fromEntries([...values].map(([key, all]) => [key, [...all].join(', ')])),
    ...(forOthers && hooks),
  };
}

const MAX_SHOWN = 120;

function shown(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return cut(visibleControls(text.replaceAll(/[\n\t]/g, ' ')), MAX_SHOWN);
}

/** All settings in effect in a folder, including included files, except our own. */
async function settingsAt({ config: _ours, ...options }: GitOptions): Promise<ConfigEntry[]> {
  const settings = await configEntries(options);
  return settings.filter(isInFile);
}

function isInFile({ scope }: ConfigEntry): boolean {
  return scope !== 'command';
}

function isOfRepository({ scope }: ConfigEntry): boolean {
  return scope !== 'system' && scope !== 'global';
}

/** Settings that make git run a program, for us or for others. */
function programsAmong(settings: readonly ConfigEntry[]): Pick<Executing, 'repository' | 'outside'> {
  const programs = { repository: [] as Setting[], outside: [] as Setting[] };
  for (const each of settings) {
    const setting: Setting = [each.key, each.value];
    if (namesProgram(setting) || executes(setting))
      programs[isOfRepository(each) ? 'repository' : 'outside'].push(setting);
  }
  return programs;
}

/** Hook folders named by settings, except one in the worktree: that is reported as part of the agent's work. */
function hookFolders(
  { repository, outside }: Pick<Executing, 'repository' | 'outside'>,
  { worktreePath }: GitFolders,
  { baseEnv }: GitContext,
): string[] {
  return [...repository, ...outside]
    .filter(([key]) => key === 'core.hookspath')
    .map(([, value]) => value.replace(/^~(?=\/|$)/, () => baseEnv.HOME ?? '~'))
    .filter((path) => isAbsolute(path) && !(worktreePath && `${path}/`.startsWith(`${worktreePath}/`)));
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

/** A hook that only another user can read is identified by its path alone. */
function readIfMay(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EACCES') throw error;
    return 'it may not be read';
  }
}
