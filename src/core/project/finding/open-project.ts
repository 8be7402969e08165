import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asOneError } from '../../kernel/base-errors.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { ifExists, isSamocodeError, type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { LIMIT_NAMES, type SpendingLimits, settingOf } from '../../kernel/phases/limits.ts';
import { realPathAsFar } from '../git/real-path.ts';
import { type GitContext, requireRepository } from '../git/repository.ts';
import {
  readSettings,
  type SettingReading,
  type SettingsReading,
  type SettingTexts,
} from '../settings/read-settings.ts';
import { problemsIn, settingsIn, UNUSABLE } from '../settings/resolve-settings.ts';
import { SETTING_ERRORS, settingInvalid } from '../settings/setting-errors.ts';
import type { SettingSpec } from '../settings/setting-spec.ts';
import type { SettingWarning } from '../settings/setting-warnings.ts';
import { allSettings, type CallSettings, type SettingName } from '../settings/settings.ts';
import { missingSafeguards } from '../settings/unattended-start.ts';
import { PROJECT_ERRORS } from './project-errors.ts';
import type { ProjectFile } from './trust.ts';

export interface ProjectRequest {
  filePath: string;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  call?: CallSettings;
  signal?: AbortSignal;
}

export interface Project extends ProjectFile {
  warnings: readonly SettingWarning[];
  /** MAIN_REPO as git reports it, links resolved. */
  mainRepo: string;
  commonDir: string;
  /** The limits for a whole session that the file sets; absent without a call, whose limits replace them. */
  fileLimits?: SpendingLimits;
}

/** A project as found, with all of its problems. */
export interface ProjectReading extends SettingsReading {
  problems: readonly SamocodeError[];
  /** Its repository, if usable. */
  mainRepo?: string;
  /** Absent if a line cannot be understood. */
  file?: ProjectFile;
  /** Absent if there is a problem. */
  project?: Project;
}

/** Opens a project: reads all settings and checks that the paths they name exist. */
export async function openProject(request: ProjectRequest): Promise<Project> {
  const { project, problems } = await readProject(request);
  if (project === undefined) throw asOneError(problems, UNUSABLE);
  return project;
}

/** Like `openProject`, but returns problems instead of throwing them. */
export async function readProject(request: ProjectRequest): Promise<ProjectReading> {
  const { filePath, env, signal } = request;
  const texts = await readSettingTexts(request);
  const asWritten = readSettings(texts);
  const onDisk = await Promise.all(asWritten.readings.map(withPathProblem));
  const checked = withProblems(onDisk, intakeProblems(onDisk));
  const { readings, repository } = await withRepository(checked, { baseEnv: env, signal });
  const reading = { readings, warnings: asWritten.warnings };
  const problems = problemsIn(reading);
  const fileHash = fingerprint(texts.projectFile?.text ?? '');
  const isUnderstood = problemsIn(asWritten).length === 0;
  const file = isUnderstood ? await withMcpText({ ...settingsIn(reading), filePath, fileHash }) : undefined;
  if (file === undefined || repository === undefined || problems.length > 0)
    return { ...reading, problems, file, mainRepo: repository?.toplevel };
  const { toplevel: mainRepo, commonDir } = repository;
  const fileLimits = texts.call && limitsOfFile(texts);
  return { ...reading, problems, file, mainRepo, project: { ...file, mainRepo, commonDir, fileLimits } };
}

async function withMcpText<File extends ProjectFile>(file: File): Promise<File> {
  const { values, sources } = file;
  if (values.mcp === undefined || sources.mcp?.kind !== 'project_file') return file;
  return { ...file, mcpText: (await plainText(values.mcp, MAX_MCP_BYTES)) ?? '' };
}

const MAX_MCP_BYTES = 1024 * 1024;

function limitsOfFile(texts: SettingTexts): SpendingLimits {
  const { readings } = readSettings({ ...texts, call: undefined });
  const limits = LIMIT_NAMES.flatMap((limitName) => {
    const key = settingOf({ limitName, scope: 'session' });
    const value = readings.find((reading) => reading.key === key)?.value;
    return typeof value === 'number' ? [[limitName, value]] : [];
  });
  return Object.fromEntries(limits);
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

async function withPathProblem(reading: SettingReading): Promise<SettingReading> {
  const { name, key, value, source } = reading;
  const spec: SettingSpec = allSettings()[name];
  if (typeof value !== 'string' || (spec.kind !== 'folder' && spec.kind !== 'file')) return reading;
  const problem = await problemWith(value, spec);
  if (problem === undefined) return reading;
  return { ...reading, problem: settingInvalid(spec, { key, written: value, source, problem }) };
}

/** Of a file that a setting names. */
export const MAX_NAMED_FILE_BYTES = 1024 * 1024;

async function problemWith(path: string, { kind }: SettingSpec): Promise<string | undefined> {
  const found = await ifExists(stat(path));
  if (!found) return kind === 'folder' ? 'This folder does not exist' : 'This file does not exist';
  const fits = kind === 'folder' ? found.isDirectory() : found.isFile();
  if (!fits) return `This is not a ${kind}`;
  return kind === 'file' && found.size > MAX_NAMED_FILE_BYTES ? 'This file is larger than 1 MiB' : undefined;
}

/** Adds the problems of the repository, or of the folders in it. */
async function withRepository(readings: readonly SettingReading[], context: GitContext) {
  const folder = usablePath(readings, 'mainRepo');
  if (folder === undefined) return { readings };
  try {
    const repository = await requireRepository(folder, context);
    const colliding = await collisions(readings, repository.toplevel);
    return { readings: withProblems(readings, colliding), repository };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { readings: withProblems(readings, { mainRepo: error }) };
  }
}

type Problems = Partial<Record<SettingName, SamocodeError>>;

function withProblems(readings: readonly SettingReading[], problems: Problems): SettingReading[] {
  return readings.map((reading) => {
    const problem = problems[reading.name];
    return problem === undefined ? reading : { ...reading, problem };
  });
}

function intakeProblems(readings: readonly SettingReading[]): Problems {
  const written = (wanted: SettingName) => readings.find(({ name }) => name === wanted)?.value;
  if (written('intakeLabel') === undefined) return {};
  const missing = missingSafeguards({
    sandbox: written('sandbox'),
    maxCostUsd: written('maxCostUsd'),
    gates: written('gates'),
  });
  return Object.fromEntries(
    missing.map(({ name, why, fix }) => [name, SETTING_ERRORS.intake_refused({ why, fix })]),
  );
}

async function collisions(readings: readonly SettingReading[], mainRepo: string): Promise<Problems> {
  const [sessions, worktrees] = await Promise.all(
    (['sessions', 'worktrees'] as const).map(async (name) => {
      const path = usablePath(readings, name);
      return path === undefined ? undefined : await realPathAsFar(path);
    }),
  );
  return {
    ...(sessions === mainRepo && { sessions: collision('SESSIONS', 'MAIN_REPO', mainRepo) }),
    ...(worktrees === mainRepo && { worktrees: collision('WORKTREES', 'MAIN_REPO', mainRepo) }),
    ...(sessions !== undefined &&
      sessions === worktrees && { sessions: collision('SESSIONS', 'WORKTREES', sessions) }),
  };
}

/** The path of a setting without a problem. */
function usablePath(readings: readonly SettingReading[], wanted: SettingName): string | undefined {
  const reading = readings.find(({ name, problem }) => name === wanted && problem === undefined);
  return typeof reading?.value === 'string' ? reading.value : undefined;
}

function collision(first: 'SESSIONS' | 'WORKTREES', second: string, path: string) {
  const { example } = allSettings()[first === 'SESSIONS' ? 'sessions' : 'worktrees'];
  return PROJECT_ERRORS.folders_collide({ first, second, path, example });
}
