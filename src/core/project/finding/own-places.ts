import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stateRootFor } from '../../kernel/config-folder.ts';
import { ifExists } from '../../kernel/errors.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { identityAt, realFolder, statsAt } from '../../kernel/files/path-stats.ts';
import { agreedText, cut } from '../../kernel/text.ts';
import { gitLine, readRecords } from '../git/git.ts';
import { GIT_ERRORS } from '../git/git-errors.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import type { GitContext } from '../git/repository.ts';
import { checksRoots } from '../worktrees/checks-root.ts';
import { dataFolders, sandboxFolders } from '../worktrees/sandbox-folders.ts';
import { repositoriesAround } from './find-project.ts';
import { PROJECT_ERRORS, type StrangePlace } from './project-errors.ts';

/** The folders of a project in which samocode makes its own; absolute. */
export interface OwnPlaces {
  mainRepo: string;
  worktrees: string;
  /** Absent for work beside sessions, as a proof that is repeated. */
  sessions?: string | undefined;
  /** A session whose folders are looked at, too. */
  session?: string;
}

/** The places of a session, with its own folders. */
export function placesOfSession({
  mainRepo,
  worktreesDir: worktrees,
  sessionsDir: sessions,
  folder: session,
}: Record<'mainRepo' | 'worktreesDir' | 'sessionsDir' | 'folder', string>): OwnPlaces {
  return { mainRepo, worktrees, sessions, session };
}

/**
 * What samocode makes lies where git never writes: no part of it is a link inside a work tree or below WORKTREES, and
 * none is in the index of a repository around it, whoever has trusted the text that names the place, since the next
 * pull can exchange it. Links outside of every repository are the person's and are followed. Documents in SESSIONS may
 * be committed, but not to a repository that has the code. Asks git once, and again when an index has changed.
 * @throws place_not_ours
 */
export async function requireOwnPlaces(places: OwnPlaces, context: GitContext): Promise<void> {
  const asked = await askedOf(places);
  const key = JSON.stringify([...asked]);
  const indexes = [...asked.keys()].map(async (top) => [top, await indexIdentity(top)]);
  const seen = JSON.stringify(await Promise.all(indexes));
  if (clean.get(key) === seen) return;
  for (const [top, ways] of asked) {
    const found = await trackedIn(top, ways, context);
    if (found !== undefined) throw refusal(found.key, places, found);
  }
  clean.set(key, seen);
}

/** What was found clean in this program: the ways that were asked for, and the indexes as they were. */
const clean = new Map<string, string>();

type Key = 'WORKTREES' | 'SESSIONS';

/** A way from the top folder of a repository, at which its index may have nothing. */
interface Way {
  key: Key;
  way: string;
}

function refusal(key: Key, places: OwnPlaces, found: StrangePlace) {
  const place = (key === 'SESSIONS' && places.sessions) || places.worktrees;
  return PROJECT_ERRORS.place_not_ours({ key, place, found });
}

/** The ways to ask for in each repository around the places, by its top folder. */
async function askedOf(places: OwnPlaces): Promise<Map<string, Way[]>> {
  const { mainRepo, worktrees, sessions, session = '' } = places;
  const asked = new Map<string, Way[]>();
  const ask = (key: Key, place: string, top: string) => {
    const ways = asked.get(top) ?? [];
    // Of a repository inside the place, all is asked.
    const way = pathInside(top, place) ?? '';
    if (!ways.some((one) => one.way === way)) asked.set(top, [...ways, { key, way }]);
  };
  const real = (key: Key, path: string, within?: string) =>
    withoutLinks(path, within, (found) => {
      throw refusal(key, places, found);
    });
  const trees = real('WORKTREES', worktrees);
  const { own, caches } = sandboxFolders(trees, session);
  const roots = [...checksRoots(trees), ...dataFolders(trees)];
  for (const made of [
    caches,
    join(own, 'home'),
    join(own, 'tmp'),
    ...[trees, ...roots].map((root) => join(root, session)),
  ])
    for (const top of topsAround(real('WORKTREES', made, trees))) ask('WORKTREES', trees, top);
  if (sessions === undefined) return asked;
  const documents = real('SESSIONS', sessions);
  const code = await realPathAsFar(mainRepo);
  for (const top of topsAround(documents))
    if (pathInside(top, code) !== undefined) ask('SESSIONS', documents, top);
  // A home can be a repository.
  const state = real('SESSIONS', stateRootFor(documents));
  for (const top of topsAround(state)) ask('SESSIONS', state, top);
  return asked;
}

/**
 * The real path. Nothing on the way may be a link inside a work tree, or below `within`.
 * @param within a real path, with which `path` begins
 */
function withoutLinks(
  path: string,
  within: string | undefined,
  refuse: (found: StrangePlace) => never,
): string {
  let at = within ?? '/';
  for (const name of path.slice(at.length).split('/').filter(Boolean)) {
    const next = join(at, name);
    const to = statsAt(next)?.isSymbolicLink() ? (realFolder(next) ?? 'nothing') : undefined;
    const [top] = to === undefined ? [] : topsAround(next);
    if (to !== undefined && (within ?? top) !== undefined) refuse({ kind: 'link', path: next, to, top });
    at = to === undefined || to === 'nothing' ? next : to;
  }
  return at;
}

/** The top folders of all repositories that contain a path, the nearest first. */
const topsAround = (path: string) => repositoriesAround(dirname(path));

async function indexIdentity(top: string): Promise<string> {
  return identityAt(join((await gitDirOf(top)) ?? join(top, '.git'), 'index'));
}

/** What the index of a repository has at one of these ways, above or below it. */
async function trackedIn(
  top: string,
  ways: readonly Way[],
  context: GitContext,
): Promise<(Way & Extract<StrangePlace, { kind: 'tracked' }>) | undefined> {
  const git = { ...context, cwd: top };
  let found: { path: string; at: Way } | undefined;
  const everything = ways.some(({ way }) => way === '');
  const list = ['ls-files', '-z', '--', ...(everything ? [] : ways.flatMap(({ way }) => pathspecs(way)))];
  await readRecords(list, git, (path) => {
    const at = ways.find(({ way }) => isBelow(way, path) || isBelow(path, way));
    if (at !== undefined) found = { path, at };
    return at === undefined;
  }).catch(ofNoRepository);
  if (found === undefined) return undefined;
  const { path, at } = found;
  const log = ['log', '-1', '--format=%h', '--', `:(top,literal)${path}`];
  const commit = await gitLine(log, { ...git, timeoutMs: LOG_LIMIT_MS }).catch(() => '');
  const untrack = isBelow(at.way, path) ? at.way || '.' : undefined;
  return { ...at, kind: 'tracked', top, path: agreedText(cut(path, MAX_SHOWN_CHARS)), commit, untrack };
}

/** A path at or below `folder` that the index of a repository around it has, and its last commit. */
export async function trackedAt(folder: string, context: GitContext): Promise<string | undefined> {
  for (const top of topsAround(folder)) {
    const found = await trackedIn(top, [{ key: 'SESSIONS', way: pathInside(top, folder) ?? '' }], context);
    if (found !== undefined)
      return `${found.path} (${[top, found.commit].filter(Boolean).join(', commit ')})`;
  }
  return undefined;
}

/**
 * Whether the index of a repository around a file knows it as it is now: git has written it, or was given it. By its
 * time, since git compares contents by programs that settings name.
 */
export async function cameByCommit(path: string, context: GitContext): Promise<boolean> {
  const real = await realPathAsFar(path);
  const at = await ifExists(lstat(real, { bigint: true }));
  if (at === undefined) return false;
  const modified = `mtime: ${at.mtimeNs / NANOSECONDS}:${at.mtimeNs % NANOSECONDS}`;
  for (const top of topsAround(real)) {
    const list = ['ls-files', '--debug', '--', ...pathspecs(pathInside(top, real) ?? '')];
    const known = await gitLine(list, { ...context, cwd: top }).catch((error) => ofNoRepository(error) ?? '');
    if (known.split('\n').some((line) => line.trim() === modified)) return true;
  }
  return false;
}

const NANOSECONDS = 1_000_000_000n;

/** Git looks no further where `.git` is not a repository, so nothing is written there. */
function ofNoRepository(error: unknown): void {
  if (!GIT_ERRORS.git_not_a_repository.is(error)) throw error;
}

/** Each folder on the way can be an entry itself: a submodule, or a file. Git folds only ASCII letters, and the letter before a mark can be part of it. */
function pathspecs(way: string): string[] {
  const names = way.replace(/\w?[^\w./-]+/g, '*').split('/');
  const above = names.map((_, at) => `:(glob,icase)${names.slice(0, at + 1).join('/')}*`);
  return [...above, `:(glob,icase)${names.join('/')}/**`];
}

/** Some disks take names for the same that differ in case, or in the form of their letters. */
function isBelow(folder: string, path: string): boolean {
  const [outer, inner] = [folder, path].map((each) => each.normalize('NFC').toLowerCase());
  return outer === '' || `${inner}/`.startsWith(`${outer}/`);
}

const LOG_LIMIT_MS = 5000;
const MAX_SHOWN_CHARS = 200;
