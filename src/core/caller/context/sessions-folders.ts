import { opendir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { readSettingTexts } from '../../project/finding/open-project.ts';
import { requirePlaces } from '../../project/finding/trust.ts';
import type { ProjectNotFound } from '../../project/git/project-errors.ts';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { readSettings } from '../../project/settings/read-settings.ts';
import { settingsIn } from '../../project/settings/resolve-settings.ts';
import { settingInvalid } from '../../project/settings/setting-errors.ts';
import { allSettings } from '../../project/settings/settings.ts';
import { isFileError } from '../../session/folder/read-session.ts';
import type { ActionContext } from './context.ts';
import { knownProjectFiles, namedFolders, projectAt } from './find-project-for.ts';

/** The part of a project needed to read its sessions. Found without git, so that a broken repository hides nothing. */
export interface SessionsFolder {
  filePath: string;
  sessionsDir: string;
  /** The call refers to it: by name, or because it contains the client's folders or the working folder. */
  isOwn: boolean;
}

export function projectDirOf({ filePath }: Pick<SessionsFolder, 'filePath'>): string {
  return dirname(filePath);
}

/**
 * The sessions of the project that the call names; otherwise of those of the client's folders, or of the working folder.
 * Without one of these, the sessions of all projects known on this machine.
 */
export async function currentSessionsFolders(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<SessionsFolder[]> {
  const own = await ownSessionsFolders(await ownFiles(projectDir, context), context);
  return own.length > 0 ? own : await findSessionsFolders(projectDir, context);
}

/**
 * Lists the places to search for sessions: the project that the call names; otherwise the projects of the client's
 * folders, or of the working folder, and then the others known on this machine, most recently used first.
 */
export async function findSessionsFolders(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<SessionsFolder[]> {
  const { files, notFound } = await ownFiles(projectDir, context);
  const own = await ownSessionsFolders({ files }, context);
  const known = projectDir?.trim() ? [] : await knownProjectFiles(context.home);
  const others = await Promise.all(
    known
      .filter((path) => !files.includes(path))
      .map((path) => readSessionsFolder(path, context, false).catch(expected)),
  );
  const places = [...own, ...others.flatMap((each) => (each instanceof SamocodeError ? [] : [each]))];
  // Other projects that are broken fail the call only if no project can be read.
  if (places.length === 0) throw others[0] ?? notFound;
  return await withoutDuplicates(places);
}

async function ownSessionsFolders(
  { files }: { files: readonly string[] },
  context: ActionContext,
): Promise<SessionsFolder[]> {
  return await withoutDuplicates(
    await Promise.all(files.map((path) => readSessionsFolder(path, context, true))),
  );
}

/** Every sessions folder, the client's own projects first. Missing and broken projects are skipped. */
export async function allSessionsFolders(context: ActionContext): Promise<SessionsFolder[]> {
  const own = await ownFiles(undefined, context).catch(expected);
  const files = own instanceof SamocodeError ? [] : own.files;
  const all = new Set([...files, ...(await knownProjectFiles(context.home))]);
  const found = await Promise.all(
    [...all].map((path) => readSessionsFolder(path, context, files.includes(path)).catch(expected)),
  );
  return await withoutDuplicates(found.flatMap((each) => (each instanceof SamocodeError ? [] : [each])));
}

/**
 * The projects that a call refers to when it names none.
 * `hasLocation`: there is at least one project, or a repository without a project.
 */
export async function currentProjects(
  context: ActionContext,
): Promise<{ files: string[]; hasLocation: boolean }> {
  const { files, notFound } = await ownFiles(undefined, context);
  return { files, hasLocation: files.length > 0 || notFound?.args.repository !== undefined };
}

/** Two projects can share a SESSIONS folder; only the first of them is kept. */
async function withoutDuplicates(places: readonly SessionsFolder[]): Promise<SessionsFolder[]> {
  const dirs = await Promise.all(places.map(({ sessionsDir }) => realPathAsFar(sessionsDir)));
  return places.filter((_, index) => dirs.indexOf(dirs[index] ?? '') === index);
}

async function ownFiles(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<{ files: string[]; notFound?: ProjectNotFound }> {
  const named = namedFolders(projectDir, context);
  const found = await Promise.all(
    (named.length > 0 ? named : [context.cwd]).map((folder) => projectAt(folder, context)),
  );
  const files = found.filter((each) => typeof each === 'string');
  const [notFound] = found.filter((each) => typeof each !== 'string');
  return { files: [...new Set(files)], notFound };
}

async function readSessionsFolder(
  filePath: string,
  { env, home: homeDir }: ActionContext,
  isOwn: boolean,
): Promise<SessionsFolder> {
  const texts = await readSettingTexts({ filePath, env, homeDir });
  const all = readSettings(texts);
  const reading = all.readings.find(({ name }) => name === 'sessions');
  if (reading?.problem) throw reading.problem;
  const fileHash = fingerprint(texts.projectFile?.text ?? '');
  await requirePlaces({ ...settingsIn(all), filePath, fileHash }, homeDir, ['sessions']);
  const sessionsDir = String(reading?.value);
  const problem = await folderProblem(sessionsDir);
  if (problem === undefined) return { filePath, sessionsDir, isOwn };
  const source = reading?.source ?? { kind: 'unset' };
  throw settingInvalid(allSettings().sessions, {
    key: allSettings().sessions.key,
    written: sessionsDir,
    source,
    problem,
  });
}

async function folderProblem(path: string): Promise<string | undefined> {
  try {
    await (await opendir(path)).close();
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    const isRefused = ['EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '');
    return isRefused ? 'This folder cannot be read' : 'This folder does not exist';
  }
}

function expected(error: unknown): SamocodeError {
  if (error instanceof SamocodeError) return error;
  throw error;
}
