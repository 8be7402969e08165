import { rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { machineFile, movedHome, stateRoot, stateRootsOf } from '../../kernel/config-folder.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { gitDirOf, sharedDirOf } from '../../kernel/files/git-pointer.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainJson, plainText } from '../../kernel/files/plain-file.ts';
import { runGit } from '../git/git.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import type { GitContext } from '../git/repository.ts';
import { parseSamocodeFile, pathFromFile } from '../settings/samocode-file.ts';
import { mainCheckoutOf, repositoryAround } from './find-project.ts';

const PlaceRecord = z.object({
  /** The real path of its repository when it was last used. */
  mainRepo: z.string(),
  /** Device and inode of its git folder: they say that nothing has changed, never that it is the same. */
  gitFolder: z.string(),
  place: z.string(),
  /** The places of repositories that were at this path before, with sessions that had not ended. */
  earlier: z.array(z.string()).optional(),
});
type PlaceRecord = z.infer<typeof PlaceRecord>;

/** Where a project's sessions and worktrees lie unless its file says otherwise. */
export interface ProjectPlace extends PlaceRecord {
  /** The path that the repository had before. */
  movedFrom?: string;
  isRecorded?: true;
}

/** The folders of a place. */
export function foldersOfPlace({ place }: Pick<PlaceRecord, 'place'>): {
  sessions: string;
  worktrees: string;
} {
  return { sessions: join(place, 'sessions'), worktrees: join(place, 'worktrees') };
}

/** The main checkout of the repository that contains the file of a project; undefined if none does. */
export async function repositoryOfFile(filePath: string): Promise<string | undefined> {
  const top = repositoryAround(await realPathAsFar(dirname(filePath)));
  return top && ((await mainCheckoutOf(top)) ?? top);
}

/**
 * The place of the project of a `.samocode`: outside of the repository, so that no commit brings anything there and no
 * tool of the project finds it. Undefined for one that says where both folders are, or whose MAIN_REPO neither contains
 * the file nor lies beside it.
 */
export async function placeOfFile(
  file: { path: string; text: string },
  homeDir: string,
): Promise<ProjectPlace | undefined> {
  const { entries } = parseSamocodeFile(file.text);
  const written = (wanted: string) => entries.find(({ key, value }) => key === wanted && value !== '')?.value;
  if (written('SESSIONS') !== undefined && written('WORKTREES') !== undefined) return undefined;
  const around = await repositoryOfFile(file.path);
  const named = written('MAIN_REPO');
  if (named === undefined) return around === undefined ? undefined : await placeOfRepository(around, homeDir);
  const folder = dirname(file.path);
  const mainRepo = await realPathAsFar(pathFromFile(named, { folder, homeDir }));
  const isNear = mainRepo === around || pathInside(await realPathAsFar(folder), mainRepo) !== undefined;
  return isNear ? await placeOfRepository(mainRepo, homeDir) : undefined;
}

/**
 * The place of a repository, as it is recorded or would be. Its path decides, unless git has
 * registered the worktrees of another place there, or none of those of its own place.
 */
export async function placeOfRepository(repository: string, homeDir: string): Promise<ProjectPlace> {
  const mainRepo = await realPathAsFar(repository);
  const gitFolder = gitFolderOf(mainRepo);
  const known = await recordedPlace(mainRepo, homeDir);
  if (known?.gitFolder === gitFolder) return { ...known, isRecorded: true };
  const all = await recordedPlaces(homeDir);
  if (known !== undefined) {
    // Restored from a backup, mounted from another device, or cloned again.
    if (worktreesAt(known).length === 0 || (await hasWorktreesAt(known, mainRepo)))
      return { ...known, gitFolder };
    const earlier = [...(known.earlier ?? []), known.place];
    return { mainRepo, gitFolder, place: await freePlace(mainRepo, homeDir, [...all, known]), earlier };
  }
  for (const record of all) {
    if (statsAt(join(record.mainRepo, '.git')) !== undefined) continue;
    if (await hasWorktreesAt(record, mainRepo))
      return { ...record, mainRepo, gitFolder, movedFrom: record.mainRepo };
  }
  return { mainRepo, gitFolder, place: await freePlace(mainRepo, homeDir, all) };
}

/** The recorded place of the repository with this real path. */
export async function recordedPlace(mainRepo: string, homeDir: string): Promise<PlaceRecord | undefined> {
  for (const root of stateRootsOf(homeDir)) {
    const record = await plainJson(recordPath(root, mainRepo), PlaceRecord);
    if (record?.mainRepo === mainRepo) return record;
  }
  return undefined;
}

/**
 * Makes the folders of a place and records it.
 * @returns the folders that were made
 */
export async function makePlace(found: ProjectPlace, homeDir: string, git: GitContext): Promise<string[]> {
  const { isRecorded, movedFrom, ...record } = found;
  const made: string[] = [];
  // They have what agents read and print; the folders above may have other users.
  for (const folder of Object.values(foldersOfPlace(found)))
    if (makeFolder(folder, 0o700) !== undefined) made.push(folder);
  if (isRecorded) return made;
  const root = stateRoot(homeDir);
  makeFolder(recordFolder(root), 0o700);
  if (movedFrom !== undefined)
    await runGit(['worktree', 'repair', ...worktreesAt(found)], {
      ...git,
      cwd: record.mainRepo,
      allowFailure: true,
    });
  await writeWhole(recordPath(root, record.mainRepo), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  if (movedFrom !== undefined)
    for (const each of stateRootsOf(homeDir)) await rm(recordPath(each, movedFrom), { force: true });
  return made;
}

/** What a person should know of a place; sentences. */
export function wordsOfPlace({ movedFrom, mainRepo, place, earlier = [] }: ProjectPlace): string[] {
  const words =
    movedFrom === undefined ? [] : [`${movedFrom} is now ${mainRepo}: its sessions stay in ${place}.`];
  for (const before of earlier) {
    const unfinished = worktreesAt({ place: before }).length;
    if (unfinished === 0) continue;
    const { sessions, worktrees } = foldersOfPlace({ place: before });
    words.push(
      `Another repository was at ${mainRepo}; ${unfinished} of its sessions are not finished. In the .samocode of that repository, SESSIONS=${sessions} and WORKTREES=${worktrees} continue them.`,
    );
  }
  return words;
}

/** Of a container that is built anew only what is mounted stays. @returns a warning if the place is not, and the code is */
export async function lostByRebuild(
  { sessions, mainRepo }: { sessions: string; mainRepo: string },
  homeDir: string,
): Promise<string[]> {
  const isInImage = async (path: string) => (await statfs(path)).type === OVERLAY;
  const root = stateRoot(homeDir);
  const [places, code] = await Promise.all([
    Promise.all([sessions, homeDir].map(isInImage)),
    isInImage(mainRepo),
  ]).catch(() => [[], true] as const);
  if (code || !places.includes(true)) return [];
  return [
    `If this container is built anew, ${dirname(sessions)} and ${root} are gone: sessions with their logs and gates, and work that is not committed. To keep them, mount a volume (devcontainer.json: "mounts": ["source=samocode,target=/samocode,type=volume"]), and let the image write the line SAMOCODE_HOME=/samocode into ${machineFile(homeDir)}.`,
  ];
}

/** What a container sees as its own disk. */
const OVERLAY = 0x794c7630;

/** No part of it begins with a dot: servers and watchers of a project under test leave out what lies below. */
async function freePlace(mainRepo: string, homeDir: string, taken: readonly PlaceRecord[]): Promise<string> {
  const name =
    basename(mainRepo)
      .replace(/[^\p{L}\p{N}-]+/gu, '-')
      .replace(/^-+|-+$/g, '') || 'project';
  const first = join(await placesRoot(homeDir, taken), `${name}-${fingerprint(mainRepo).slice(0, 8)}`);
  const isTaken = (path: string) =>
    taken.some(({ place, earlier = [] }) => [place, ...earlier].includes(path));
  for (let at = 1; ; at++) {
    const place = at === 1 ? first : `${first}-${at}`;
    if (!isTaken(place)) return place;
  }
}

/** Chosen with the first project of a machine: `~/samocode` may be a checkout. */
async function placesRoot(homeDir: string, taken: readonly PlaceRecord[]): Promise<string> {
  const home = await realPathAsFar(movedHome(homeDir) ?? homeDir);
  if (movedHome(homeDir) !== undefined) return home;
  const roots = ['samocode', 'samocode-work'].map((name) => join(home, name));
  const chosen = roots.find((root) => taken.some(({ place }) => dirname(place) === root));
  return (
    chosen ?? roots.find((root) => statsAt(join(root, '.git')) === undefined) ?? join(home, 'samocode-work')
  );
}

/** The worktrees of sessions that are not finished: what is finished has none. */
function worktreesAt(place: Pick<PlaceRecord, 'place'>): string[] {
  const { worktrees } = foldersOfPlace(place);
  const all = (namesAt(worktrees) ?? []).map((name) => join(worktrees, name));
  return all.filter((path) => statsAt(join(path, '.git')) !== undefined);
}

/** Whether git knows worktrees of this place here: a moved repository and a copy have that, a clone has none. */
async function hasWorktreesAt(place: Pick<PlaceRecord, 'place'>, mainRepo: string): Promise<boolean> {
  const gitDir = await gitDirOf(mainRepo);
  const shared = gitDir === undefined ? join(mainRepo, '.git') : ((await sharedDirOf(gitDir)) ?? gitDir);
  const known = join(shared, 'worktrees');
  const { worktrees } = foldersOfPlace(place);
  for (const name of namesAt(known) ?? []) {
    const pointer = await plainText(join(known, name, 'gitdir'), MAX_POINTER_BYTES);
    if (pointer !== undefined && pathInside(worktrees, pointer.trim()) !== undefined) return true;
  }
  return false;
}

const MAX_POINTER_BYTES = 8192;

function gitFolderOf(mainRepo: string): string {
  const stats = statsAt(join(mainRepo, '.git'));
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}

async function recordedPlaces(homeDir: string): Promise<PlaceRecord[]> {
  const found: PlaceRecord[] = [];
  for (const root of stateRootsOf(homeDir))
    for (const name of namesAt(recordFolder(root)) ?? []) {
      const record = await plainJson(join(recordFolder(root), name), PlaceRecord);
      if (record !== undefined) found.push(record);
    }
  return found;
}

function recordFolder(root: string): string {
  return join(root, 'projects');
}

function recordPath(root: string, mainRepo: string): string {
  return join(recordFolder(root), `${fingerprint(mainRepo).slice(0, 16)}.json`);
}
