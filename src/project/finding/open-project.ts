import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { configFolder } from '../../base/config-folder.ts';
import { ifExists, systemErrorCode } from '../../base/errors.ts';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { PROJECT_ERRORS } from '../git/project-errors.ts';
import { realPathAsFar } from '../git/real-path.ts';
import { requireRepository } from '../git/repository.ts';
import type { SettingTexts } from '../settings/read-settings.ts';
import { type ResolvedSettings, resolveSettings } from '../settings/resolve-settings.ts';
import { settingInvalid } from '../settings/setting-errors.ts';
import type { SettingSpec } from '../settings/setting-spec.ts';
import { type CallSettings, SETTING_ROWS, SETTINGS } from '../settings/settings.ts';

export interface ProjectRequest {
  filePath: string;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  /** Settings of this call for one session. */
  call?: CallSettings;
  signal?: AbortSignal;
}

export interface Project extends ResolvedSettings {
  filePath: string;
  /** SHA-256 of that file, which trust refers to. */
  fileHash: string;
  /** MAIN_REPO as git reports it, links resolved. */
  mainRepo: string;
  commonDir: string;
}

/**
 * Opens a project: reads all settings and checks that the paths they name exist.
 * @throws setting_missing, setting_invalid, folders_collide, not_a_repository, no_commit
 */
export async function openProject(request: ProjectRequest): Promise<Project> {
  const { filePath, env, signal } = request;
  const texts = await readSettingTexts(request);
  const settings = resolveSettings(texts);
  await requirePaths(settings);
  const { mainRepo, sessions, worktrees } = settings.values;
  const repository = await requireRepository(mainRepo, { baseEnv: env, signal });
  await refuseCollisions(repository.toplevel, { SESSIONS: sessions, WORKTREES: worktrees });
  return {
    ...settings,
    filePath,
    fileHash: fingerprint(texts.projectFile?.text ?? ''),
    mainRepo: repository.toplevel,
    commonDir: repository.commonDir,
  };
}

export async function readSettingTexts(
  request: Omit<ProjectRequest, 'filePath'> & { filePath?: string },
): Promise<SettingTexts> {
  const { filePath, env, homeDir, call } = request;
  const envPath = join(configFolder(homeDir), '.env');
  const [text, envText] = await Promise.all([
    filePath === undefined ? undefined : readProjectFile(filePath),
    ifExists(readFile(envPath, 'utf8')),
  ]);
  return {
    env,
    homeDir,
    projectFile: filePath !== undefined && text !== undefined ? { path: filePath, text } : undefined,
    envFile: envText === undefined ? undefined : { path: envPath, text: envText },
    call,
  };
}

async function readProjectFile(filePath: string): Promise<string> {
  try {
    return await readFile(filePath, 'utf8');
  } catch (error) {
    const isMissing = systemErrorCode(error) === 'ENOENT';
    throw PROJECT_ERRORS.project_file_unreadable({ path: filePath, isMissing }, { cause: error });
  }
}

async function requirePaths({ values, sources }: ResolvedSettings): Promise<void> {
  for (const [name, spec] of SETTING_ROWS) {
    const path = values[name];
    if (typeof path !== 'string' || (spec.kind !== 'folder' && spec.kind !== 'file')) continue;
    const problem = await problemWith(path, spec);
    if (problem)
      throw settingInvalid(spec, {
        key: spec.key,
        written: path,
        source: sources[name] ?? { kind: 'unset' },
        problem,
      });
  }
}

async function problemWith(path: string, { kind }: SettingSpec): Promise<string | undefined> {
  const found = await ifExists(stat(path));
  if (!found) return kind === 'folder' ? 'This folder does not exist' : 'This file does not exist';
  const fits = kind === 'folder' ? found.isDirectory() : found.isFile();
  return fits ? undefined : `This is not a ${kind}`;
}

async function refuseCollisions(
  mainRepo: string,
  folders: { SESSIONS: string; WORKTREES: string },
): Promise<void> {
  const sessions = await realPathAsFar(folders.SESSIONS);
  const worktrees = await realPathAsFar(folders.WORKTREES);
  if (sessions === worktrees) throw collision('SESSIONS', 'WORKTREES', sessions);
  if (sessions === mainRepo) throw collision('SESSIONS', 'MAIN_REPO', sessions);
  if (worktrees === mainRepo) throw collision('WORKTREES', 'MAIN_REPO', worktrees);
}

function collision(first: 'SESSIONS' | 'WORKTREES', second: string, path: string) {
  const { example } = SETTINGS[first === 'SESSIONS' ? 'sessions' : 'worktrees'];
  return PROJECT_ERRORS.folders_collide({ first, second, path, example });
}
