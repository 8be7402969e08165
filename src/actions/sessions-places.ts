import { stat } from 'node:fs/promises';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { ProjectNotFoundError } from '../project/find-project.ts';
import { readSettingTexts } from '../project/open-project.ts';
import { readSettings } from '../project/read-settings.ts';
import { SettingInvalidError } from '../project/setting-errors.ts';
import { SETTINGS } from '../project/settings.ts';
import type { ActionContext } from './context.ts';
import { findProjectFile, knownProjectFiles, ProjectUnclearError } from './find-project-for.ts';

/** A project as far as looking at its sessions needs it: no git is asked, so that a broken repository hides nothing. */
export interface SessionsPlace {
  /** Its `.samocode`. */
  filePath: string;
  sessionsDir: string;
}

/**
 * Where sessions are looked for: the project that the call names, else that of the client's folders and
 * then the others known on this machine.
 * @throws ProjectNotFoundError when there is none; SettingMissingError, SettingInvalidError
 */
export async function sessionsPlaces(
  projectDir: string | undefined,
  context: ActionContext,
): Promise<[SessionsPlace, ...SessionsPlace[]]> {
  const known = projectDir?.trim() ? [] : await knownProjectFiles(context.home);
  const first = await currentFile(projectDir, known, context);
  const main = await placeOf(first, context);
  const others = await Promise.all(
    known.filter((path) => path !== first).map((path) => placeOf(path, context).catch(unlessOurs)),
  );
  return [main, ...others.filter((place) => place !== undefined)];
}

async function currentFile(
  projectDir: string | undefined,
  known: readonly string[],
  context: ActionContext,
): Promise<string> {
  try {
    return await findProjectFile(projectDir, context);
  } catch (error) {
    const lastUsed = known[0];
    if (lastUsed === undefined) throw error;
    if (error instanceof ProjectUnclearError || error instanceof ProjectNotFoundError) return lastUsed;
    throw error;
  }
}

async function placeOf(filePath: string, { env, home: homeDir }: ActionContext): Promise<SessionsPlace> {
  const { readings } = readSettings(await readSettingTexts({ filePath, env, homeDir }));
  const reading = readings.find(({ name }) => name === 'sessions');
  if (reading?.problem) throw reading.problem;
  const sessionsDir = String(reading?.value);
  if ((await ifExists(stat(sessionsDir)))?.isDirectory()) return { filePath, sessionsDir };
  const source = reading?.source ?? { kind: 'unset' };
  const problem = 'This folder does not exist';
  throw new SettingInvalidError(SETTINGS.sessions, SETTINGS.sessions.key, sessionsDir, source, problem);
}

// Another project that is broken is no reason to refuse a call about this one.
function unlessOurs(error: unknown): undefined {
  if (!(error instanceof SamocodeError)) throw error;
}
