import { readFile, stat } from 'node:fs/promises';
import { asOneError } from '../../kernel/base-errors.ts';
import { HOME_KEY, machineFile, movedHome } from '../../kernel/config-folder.ts';
import { ifExists, isSamocodeError, type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { LIMIT_NAMES, type SpendingLimits, settingOf } from '../../kernel/phases/limits.ts';
import { realPathAsFar } from '../git/real-path.ts';
import { type GitContext, requireRepository } from '../git/repository.ts';
import { projectRows } from '../settings/project-rows.ts';
import {
  problemsIn,
  readSettings,
  type SettingsReading,
  type SettingTexts,
  withProblems,
} from '../settings/read-settings.ts';
import { UNUSABLE } from '../settings/resolve-settings.ts';
import { SETTING_ERRORS, settingInvalid } from '../settings/setting-errors.ts';
import type { SettingSpec } from '../settings/setting-spec.ts';
import type { SettingWarning } from '../settings/setting-warnings.ts';
import type { CallSettings, Readings, SettingProblems } from '../settings/settings.ts';
import { repositoryAround } from './find-project.ts';
import { PROJECT_ERRORS } from './project-errors.ts';
import {
  foldersOfPlace,
  type ProjectPlace,
  placeOfFile,
  repositoryOfFile,
  wordsOfPlace,
} from './project-place.ts';
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
  /** Absent if its file says where sessions and worktrees are. */
  place?: ProjectPlace | undefined;
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
  const { place, ...texts } = await readSettingTexts(request);
  const asWritten = readSettings(texts);
  const written = withProblems(asWritten.readings, await pathProblems(asWritten.readings));
  const onDisk = withProblems(written, await homeProblems(written, request));
  const found = await repositoryIn(onDisk, { baseEnv: env, signal });
  const reading = { ...asWritten, readings: withProblems(onDisk, found.problems) };
  const problems = problemsIn(reading);
  const fileHash = fingerprint(texts.projectFile?.text ?? '');
  // What an extension finds wrong with lines that can be read leaves the file to be trusted.
  const isUnderstood = problemsIn(asWritten).every(({ code }) => !(code in SETTING_ERRORS));
  const file = isUnderstood ? await withMcpText({ ...reading, filePath, fileHash }) : undefined;
  const { repository } = found;
  if (file === undefined || repository === undefined || problems.length > 0)
    return { ...reading, problems, file, mainRepo: repository?.toplevel };
  const { toplevel: mainRepo, commonDir } = repository;
  const fileLimits = texts.call && limitsOfFile(texts);
  // Run folders are found by this path, so it has one spelling; the readings have the written one.
  const values = { ...file.values, sessions: await realPathAsFar(file.values.sessions) };
  const words = place === undefined ? [] : wordsOfPlace(place);
  const warnings = [...file.warnings, ...words.map((text) => ({ path: filePath, text }))];
  return {
    ...reading,
    problems,
    file,
    mainRepo,
    project: { ...file, values, warnings, mainRepo, commonDir, fileLimits, place },
  };
}

async function withMcpText<File extends ProjectFile>(file: File): Promise<File> {
  const { values, readings } = file;
  if (values.mcp === undefined || readings.get('MCP')?.source.kind !== 'project_file') return file;
  return { ...file, mcpText: (await plainText(values.mcp, MAX_MCP_BYTES)) ?? '' };
}

const MAX_MCP_BYTES = 1024 * 1024;

function limitsOfFile(texts: SettingTexts): SpendingLimits {
  const { readings } = readSettings({ ...texts, call: undefined });
  const limits = LIMIT_NAMES.flatMap((limitName) => {
    const { value } = readings.get(settingOf({ limitName, scope: 'session' })) ?? {};
    return typeof value === 'number' ? [[limitName, value]] : [];
  });
  return Object.fromEntries(limits);
}

export async function readSettingTexts(
  request: Omit<ProjectRequest, 'filePath'> & { filePath?: string },
): Promise<SettingTexts & { place?: ProjectPlace | undefined }> {
  const { filePath, env, homeDir, call } = request;
  const envPath = machineFile(homeDir);
  const [text, envText] = await Promise.all([
    filePath === undefined ? undefined : readProjectFile(filePath),
    ifExists(readFile(envPath, 'utf8')),
  ]);
  const projectFile = filePath !== undefined && text !== undefined ? { path: filePath, text } : undefined;
  const place = projectFile && (await placeOfFile(projectFile, homeDir));
  const mainRepo = place?.mainRepo ?? (filePath && (await repositoryOfFile(filePath)));
  return {
    env,
    homeDir,
    projectFile,
    place,
    places: { ...(mainRepo && { mainRepo }), ...(place && foldersOfPlace(place)) },
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

async function pathProblems(readings: Readings): Promise<SettingProblems> {
  const found = [...readings.values()].map(async ({ spec, key, value, source }) => {
    if (typeof value !== 'string' || (spec.kind !== 'folder' && spec.kind !== 'file')) return [];
    // The folders that no file names are made when they are needed.
    if (source.kind === 'default') return [];
    const problem = await problemWith(value, spec);
    return problem ? [[key, settingInvalid(spec, { key, written: value, source, problem })] as const] : [];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** What is wrong with SAMOCODE_HOME: one by the environment would be another folder for each program. */
export async function homeProblems(
  readings: Readings,
  { env, homeDir }: Pick<ProjectRequest, 'env' | 'homeDir'>,
): Promise<SettingProblems> {
  const reading = readings.get(HOME_KEY);
  if (typeof reading?.value !== 'string' || reading.problem !== undefined) return {};
  const { spec, value, source } = { ...reading, value: reading.value };
  const file = movedHome(homeDir);
  if (env[HOME_KEY] !== undefined && value !== file)
    return {
      [HOME_KEY]: PROJECT_ERRORS.home_differs({ environment: value, file, path: machineFile(homeDir) }),
    };
  const top = repositoryAround(await realPathAsFar(value));
  const wrong = (await problemWith(value, spec)) ?? (top && `This folder is inside the repository ${top}`);
  return wrong === undefined
    ? {}
    : { [HOME_KEY]: settingInvalid(spec, { key: HOME_KEY, written: value, source, problem: wrong }) };
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

/** The repository, and the problems of it or of the folders in it. */
async function repositoryIn(
  readings: Readings,
  context: GitContext,
): Promise<{ problems: SettingProblems; repository?: Awaited<ReturnType<typeof requireRepository>> }> {
  const folder = usablePath(readings, 'MAIN_REPO');
  if (folder === undefined) return { problems: {} };
  try {
    const repository = await requireRepository(folder, context);
    return { repository, problems: await collisions(readings, repository.toplevel) };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { problems: { MAIN_REPO: error } };
  }
}

async function collisions(readings: Readings, mainRepo: string): Promise<SettingProblems> {
  const [sessions, worktrees] = await Promise.all(
    ['SESSIONS', 'WORKTREES'].map(async (key) => {
      const path = usablePath(readings, key);
      return path === undefined ? undefined : await realPathAsFar(path);
    }),
  );
  return {
    ...(sessions === mainRepo && { SESSIONS: collision('SESSIONS', 'MAIN_REPO', mainRepo) }),
    ...(worktrees === mainRepo && { WORKTREES: collision('WORKTREES', 'MAIN_REPO', mainRepo) }),
    ...(sessions !== undefined &&
      sessions === worktrees && { SESSIONS: collision('SESSIONS', 'WORKTREES', sessions) }),
  };
}

/** The path of a setting without a problem. */
function usablePath(readings: Readings, key: string): string | undefined {
  const { value, problem } = readings.get(key) ?? {};
  return typeof value === 'string' && problem === undefined ? value : undefined;
}

function collision(first: 'SESSIONS' | 'WORKTREES', second: string, path: string) {
  const { example } = projectRows()[first === 'SESSIONS' ? 'sessions' : 'worktrees'];
  return PROJECT_ERRORS.folders_collide({ first, second, path, example });
}
