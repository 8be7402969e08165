import { opendir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSamocodeError, type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { readSettingTexts } from '../../project/finding/open-project.ts';
import { requirePlaces } from '../../project/finding/trust.ts';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { projectRows } from '../../project/settings/project-rows.ts';
import { readRows } from '../../project/settings/read-settings.ts';
import { settingInvalid } from '../../project/settings/setting-errors.ts';
import { isFileError } from '../../session/folder/read-session.ts';
import { byUrgency, readAllSessions, sessionFolders } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from './context.ts';
import { whichProjects } from './which-projects.ts';

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

export interface SessionsQuestion {
  projectDir?: string | undefined;
  /**
   * `current`: the call's own projects; without one of these, as `known`. `known`: also the others of this machine, most
   * recently used first; own projects that are broken fail the call. `readable`: as `known`, without what is broken or
   * missing.
   */
  reach: 'current' | 'known' | 'readable';
}

export interface PlacedSession {
  view: SessionView;
  place: SessionsFolder;
}

export interface NamesInPlace {
  place: SessionsFolder;
  folders: string[];
}

/** The sessions that a call can be about. */
export interface SessionIndex {
  places: readonly SessionsFolder[];
  /** Names of all folders in each place, including those that are no sessions: reads none of them. */
  names(): Promise<NamesInPlace[]>;
  /** Every session, archived ones too: those that need a person first, then the newest. Starts nothing. */
  once(): Promise<PlacedSession[]>;
}

export async function sessionIndex(
  question: SessionsQuestion,
  context: ActionContext,
): Promise<SessionIndex> {
  const places = await placesOf(question, context);
  const inEach = <T>(read: (place: SessionsFolder) => Promise<T>) => Promise.all(places.map(read));
  return {
    places,
    names: () => inEach(async (place) => ({ place, folders: await sessionFolders(place.sessionsDir) })),
    async once() {
      const lists = await inEach(async (place) => {
        const views = await readAllSessions(place.sessionsDir, context.host);
        return views.map((view) => ({ view, place }));
      });
      return lists.flat().sort((a, b) => byUrgency(a.view, b.view));
    },
  };
}

/** The places to search for sessions. The disks of other projects are read only where the own ones do not suffice. */
async function placesOf(
  { projectDir, reach }: SessionsQuestion,
  context: ActionContext,
): Promise<SessionsFolder[]> {
  const { own, notFound, others } = await whichProjects(projectDir, context);
  const read = (files: readonly string[], isOwn: boolean) =>
    Promise.all(files.map((path) => readSessionsFolder(path, context, isOwn).catch(expected)));
  const found = await read(own, true);
  const broken = found.find(isSamocodeError);
  if (broken !== undefined && reach !== 'readable') throw broken;
  const isEnough = reach === 'current' && found.length > 0;
  if (!isEnough) found.push(...(await read(await others(), false)));
  const places = found.filter((each) => 'sessionsDir' in each);
  // Other projects that are broken fail the call only if no project can be read.
  if (places.length === 0 && reach !== 'readable') throw found[0] ?? notFound;
  // Two projects can share a SESSIONS folder; only the first of them is kept.
  const dirs = places.map(({ sessionsDir }) => sessionsDir);
  return places.filter(({ sessionsDir }, index) => dirs.indexOf(sessionsDir) === index);
}

async function readSessionsFolder(
  filePath: string,
  { env, home: homeDir }: ActionContext,
  isOwn: boolean,
): Promise<SessionsFolder> {
  const texts = await readSettingTexts({ filePath, env, homeDir });
  const { mainRepo, sessions } = projectRows();
  const read = readRows(texts, { mainRepo, sessions });
  const { value, source = { kind: 'unset' }, problem: wrong } = read.readings.get(sessions.key) ?? {};
  if (wrong) throw wrong;
  const fileHash = fingerprint(texts.projectFile?.text ?? '');
  await requirePlaces({ ...read, filePath, fileHash }, homeDir, ['sessions']);
  const sessionsDir = String(value);
  // A default place is made when a session starts.
  const problem = source.kind === 'default' ? undefined : await folderProblem(sessionsDir);
  if (problem === undefined) return { filePath, sessionsDir: await realPathAsFar(sessionsDir), isOwn };
  throw settingInvalid(sessions, { key: sessions.key, written: sessionsDir, source, problem });
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
  if (isSamocodeError(error)) return error;
  throw error;
}
