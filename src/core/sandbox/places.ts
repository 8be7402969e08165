import { rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { configFolder } from '../kernel/config-folder.ts';
import { contains } from '../kernel/files/contains.ts';
import { statsAt } from '../kernel/files/path-stats.ts';
import { respondingOf } from '../kernel/files/silent-places.ts';
import type { Sandbox, SandboxOpenings } from '../kernel/sandbox-level.ts';
import { readKnownProjects } from '../project/finding/known-projects.ts';
import { pathInside, realPathAsFar } from '../project/git/real-path.ts';
import { worktreeFolders } from '../project/git/worktree-list.ts';
import { type Mount, readOnly, writable } from './guard/make-guard.ts';
import { cacheMounts, GIT_SETTINGS, type HomePlaces, plainPath, programMounts, SYSTEM } from './home.ts';
import { withoutClosed } from './programs/environment.ts';
import { openedSockets, resolverMounts } from './sockets.ts';

/** The paths that a guard protects, and those that it opens. All paths are absolute and real. */
export interface GuardPlaces {
  mainRepo: string;
  commonDir: string;
  /** Checkouts of the repository other than MAIN_REPO and our worktrees. */
  otherCheckouts: readonly string[];
  otherSessions: readonly string[];
  sessionsDir: string;
  /** With the run folders of all sessions. */
  stateRoot: string;
  worktreesDir: string;
  configFolder: string;
  /** samocode's program, and the units that start it. */
  programs: readonly string[];
  /** A writable folder that contains protected folders opens none of those. */
  openings: SandboxOpenings;
  home: HomePlaces;
  /** The paths with a link by which the project and home are named, each with its target. */
  links?: readonly { path: string; to: string }[];
  isStrict?: boolean;
  /** Absent before the session has a worktree. */
  session?: SessionPlaces;
}

export interface SessionPlaces {
  sessionDir: string;
  worktree: string;
  /** The worktree's git folder, inside the shared one. */
  gitDir: string;
  branch: string;
  /** Absent if a guard can only deny access: then the shared git folder is opened as far as commits need it. */
  git?: SessionGit;
}

/** The session's private git folder, mounted over the shared one. */
export interface SessionGit {
  /** The session's run folder, which contains it. */
  runDir: string;
  dir: string;
  /** Names of shared folders mounted into it, read-only. */
  bound: readonly string[];
  /** Mount points of the real objects, and of the files of git-lfs. */
  objects: string;
  lfs: string;
}

/** The parts of a guard that differ from one start to the next. All paths are absolute. */
export interface GuardPart {
  /** Folders on disk for home and for temporary files; absent: both are in memory. */
  home?: string;
  tmp?: string;
  /** `SANDBOX=strict`: the folder of the sockets to the outside; absent: no network. */
  net?: string;
  ports?: readonly number[];
  /** Caches that the sessions of a project share. */
  caches?: string;
  /** Agent CLIs whose programs are needed, and the copies of their state. */
  clis?: readonly { name: string; path?: string }[];
  states?: readonly Mount[];
  /** Further paths, read-only and writable. */
  shown?: readonly string[];
  open?: readonly string[];
  /** The repository does not exist inside; of `open` folders, `.git` is read-only. */
  hidesCheckout?: true;
}

export const NET = '/run/samocode';

/** The visible files about the machine: in the strict sandbox few, otherwise also those about its graphics cards. */
const MACHINE_FILES = { strict: ['/sys/fs/cgroup', '/sys/devices/system'], guard: ['/sys'] };

/** The mounts of the guard: nothing else exists in it. Later ones override earlier ones. */
export function guardProfile(places: GuardPlaces, part: GuardPart = {}): Mount[] {
  const { home, openings, isStrict } = places;
  const replaced = (path: string, from: string | undefined): Mount =>
    from === undefined ? { kind: 'hidden', path } : { ...writable(path), from };
  const opened = [...openings.read.map(readOnly), ...openings.write.map(writable)];
  const named = opened.filter(({ path }) => !contains(places.stateRoot, path));
  const wide = named.filter(({ path }) => isWide(places, path)).sort(byDepth);
  const isInWide = (path: string) => wide.some((mount) => contains(mount.path, path));
  const inHome = [
    replaced(home.dir, part.home),
    ...[
      ...programMounts(home, { own: part.home, clis: part.clis }),
      ...(part.home === undefined ? GIT_SETTINGS.map((name) => readOnly(join(home.dir, name))) : []),
      ...cacheMounts(home, part.caches),
      ...(part.states ?? []),
    ].sort(byDepth),
  ];
  const mounts = [
    ...[...SYSTEM, ...MACHINE_FILES[isStrict ? 'strict' : 'guard']].map(readOnly),
    ...(isStrict ? [] : resolverMounts()),
    ...['/tmp', '/var/tmp'].map((path) => replaced(path, part.tmp)),
    ...placed(inHome).filter(({ path }) => !isInWide(path)),
    ...wide,
    ...hiddenInside(places, isInWide),
    ...(part.hidesCheckout ? withoutRepository(places) : repositoryMounts(places)),
    ...(part.net === undefined ? [] : [{ ...readOnly(NET), from: part.net }]),
    ...[...places.programs, ...(part.shown ?? [])].map(readOnly),
    ...named.filter(({ path }) => !isWide(places, path)),
    ...openedSockets(places),
    ...(part.open ?? []).map(writable),
    ...(part.hidesCheckout ? (part.open ?? []).map((path) => readOnly(join(path, '.git'))) : []),
  ].map((mount) =>
    mount.kind === 'hidden' || mount.kind === 'empty' ? mount : { ...mount, ifThere: true as const },
  );
  makePlaces(mounts, places, part);
  return [...mounts, ...linkMounts(places, mounts, part)];
}

function byDepth(one: Mount, other: Mount): number {
  return one.path.length - other.path.length;
}

/** A folder that a person opened and that contains protected ones opens none of those. */
function hiddenInside(places: GuardPlaces, isInWide: (path: string) => boolean): Mount[] {
  const { sessionsDir, stateRoot, worktreesDir, configFolder, otherCheckouts, otherSessions } = places;
  const hidden = [configFolder, sessionsDir, worktreesDir, stateRoot].filter(isInWide);
  return [
    ...[...otherCheckouts, ...otherSessions].filter(isInWide).map(readOnly),
    ...hidden.map((path): Mount => ({ kind: 'hidden', path })),
  ];
}

/** The main checkout is hidden; a proof borrows objects from the git folder, and has what else it needs in its clone. */
function repositoryMounts(places: GuardPlaces): Mount[] {
  const { session, mainRepo, commonDir, home } = places;
  // The mount of home has hidden it; of a bare repository everything is the git folder.
  const isOuter = contains(mainRepo, home.dir) || contains(commonDir, mainRepo);
  const empty = isOuter ? [] : [{ kind: 'empty' as const, path: mainRepo }];
  if (session?.git === undefined) return [...empty, readOnly(commonDir)];
  return [...empty, ...openForSession(commonDir, session), ...runFolderOf(places, session.git)];
}

function withoutRepository({ mainRepo, commonDir, home }: GuardPlaces): Mount[] {
  return [mainRepo, commonDir]
    .filter((path) => !contains(path, home.dir))
    .map((path): Mount => ({ kind: 'empty', path }));
}

/** Without what has no place in a read-only folder. */
function placed(mounts: readonly Mount[]): Mount[] {
  return mounts.filter(({ path }, at) => {
    const above = outerOf(path, mounts.slice(0, at));
    return above?.kind !== 'read_only' || statsAt(join(above.from ?? above.path, relative(above.path, path)));
  });
}

/** Makes places in home and in caches for other mounts, and follows no link that an agent put there. */
function makePlaces(mounts: readonly Mount[], { home }: GuardPlaces, { caches }: GuardPart): void {
  for (const [at, { path, from = path, ifThere }] of mounts.entries()) {
    const above = outerOf(path, mounts.slice(0, at));
    if (above?.from === undefined || above.kind !== 'writable') continue;
    if (ifThere && statsAt(from) === undefined) continue;
    if (above.path !== home.dir && !(caches && contains(caches, above.from))) continue;
    const name = relative(above.path, path);
    const place = plainPath(above.from, name);
    if (statsAt(place)?.isSymbolicLink()) rmSync(place);
  }
}

function outerOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts.findLast((mount) => mount.path !== path && contains(mount.path, path));
}

/** Links by which the project and home are named. */
function linkMounts({ links = [] }: GuardPlaces, mounts: readonly Mount[], part: GuardPart): Mount[] {
  const made: Mount[] = [{ kind: 'link', path: '/var/run', from: '/run' }];
  const done: string[] = [];
  for (const { path, to } of links) {
    if (done.some((link) => contains(link, path))) continue;
    done.push(path);
    const above = mounts.findLast((mount) => contains(mount.path, path));
    if (above === undefined || above.kind === 'hidden') made.push({ kind: 'link', path, from: to });
    else if (above.from !== undefined && [part.home, part.tmp].includes(above.from)) {
      const name = relative(above.path, path);
      const place = plainPath(above.from, name);
      rmSync(place, { recursive: true, force: true });
      symlinkSync(to, place);
    }
  }
  return made;
}

export function openForSession(commonDir: string, session: SessionPlaces): Mount[] {
  const { worktree, sessionDir, git } = session;
  return [
    ...(git === undefined ? [] : privateGitMounts(commonDir, session, git)),
    writable(worktree),
    readOnly(join(worktree, '.git')),
    writable(sessionDir),
  ];
}

/** Mounts the private git folder: only what is collected from it and verified reaches the repository. */
function privateGitMounts(commonDir: string, { gitDir }: SessionPlaces, { dir, bound }: SessionGit): Mount[] {
  return [
    { ...writable(commonDir), from: dir },
    ...bound.map((name) => readOnly(join(commonDir, name))),
    // Commits in a submodule take effect immediately.
    writable(join(gitDir, 'modules')),
  ];
}

/** Hides the run folders of other sessions. */
function runFolderOf({ stateRoot, commonDir }: GuardPlaces, { runDir, objects, lfs }: SessionGit): Mount[] {
  return [
    { kind: 'hidden', path: stateRoot },
    readOnly(runDir),
    { ...readOnly(objects), from: join(commonDir, 'objects') },
    // Otherwise git would follow its alternates a second time.
    { kind: 'hidden', path: join(objects, 'info') },
    { ...readOnly(lfs), from: join(commonDir, 'lfs'), ifThere: true },
  ];
}

/** Whether an opened path contains a protected folder. */
export function isWide(places: GuardPlaces, path: string): boolean {
  return protectedFolders(places).some((folder) => contains(path, folder));
}

/** Folders whose files, if written inside the guard, must not appear outside. */
export function forbiddenFolders(places: GuardPlaces): string[] {
  const { commonDir, openings, home } = places;
  const opened = openings.write;
  const all = protectedFolders(places);
  const narrow = opened.filter((path) => !isWide(places, path));
  const isHomeOpen = home.dir === '/' || opened.some((path) => contains(path, home.dir));
  return [
    ...new Set([
      ...[...all, ...(isHomeOpen ? [] : [home.dir]), join(commonDir, 'hooks'), join(commonDir, 'refs/heads')],
      ...places.programs,
    ]),
  ].filter((folder) => !narrow.some((path) => contains(path, folder)));
}

function protectedFolders(places: GuardPlaces): string[] {
  const { mainRepo, commonDir, sessionsDir, stateRoot, worktreesDir, configFolder } = places;
  return [mainRepo, commonDir, sessionsDir, stateRoot, worktreesDir, configFolder];
}

/** What is guarded: the file of a session, or a project as its next session would have it. */
export interface GuardedProject {
  mainRepo: string;
  sessionsDir: string;
  worktreesDir: string;
  settings: { sandbox: Sandbox; openings: SandboxOpenings };
}

/** Where it is guarded. */
export interface GuardedOn {
  env: HomePlaces['env'];
  home: string;
  stateRoot: string;
  programFolder: string;
  commonDir(): Promise<string>;
}

/** @throws GitError when there is no repository */
export async function findProtectedPlaces(
  { mainRepo, settings: { sandbox, openings }, ...folders }: GuardedProject,
  { env, home, stateRoot, programFolder, ...on }: GuardedOn,
): Promise<GuardPlaces> {
  const main = await realPathAsFar(mainRepo);
  const sessionsDir = await realPathAsFar(folders.sessionsDir);
  const worktreesDir = await realPathAsFar(folders.worktreesDir);
  const commonDir = await on.commonDir();
  const checkouts: string[] = [];
  for (const path of await worktreeFolders(commonDir)) {
    const real = await realPathAsFar(path);
    if (real !== main && pathInside(worktreesDir, real) === undefined) checkouts.push(real);
  }
  const homeReal = await realPathAsFar(home);
  const named = [
    [mainRepo, main],
    [home, homeReal],
    [folders.sessionsDir, sessionsDir],
    [folders.worktreesDir, worktreesDir],
  ] as const;
  return {
    mainRepo: main,
    commonDir,
    otherCheckouts: checkouts,
    otherSessions: await sessionsOfOthers(home, sessionsDir),
    sessionsDir,
    stateRoot: await realPathAsFar(stateRoot),
    worktreesDir,
    configFolder: await realPathAsFar(configFolder(home)),
    programs: await Promise.all(
      [programFolder, ...SERVICE_UNITS.map((path) => join(home, path))].map(realPathAsFar),
    ),
    openings: {
      ...openings,
      write: await Promise.all(openings.write.map(realPathAsFar)),
      read: await Promise.all(openings.read.map(realPathAsFar)),
    },
    isStrict: sandbox === 'strict',
    home: { dir: homeReal, env: withoutClosed(env) },
    links: named.flatMap(([path, to]) => (path === to ? [] : [{ path, to }])),
  };
}

async function sessionsOfOthers(homeDir: string, own: string): Promise<string[]> {
  const known = (await readKnownProjects(homeDir)).map(({ sessions }) => sessions);
  const responding = await respondingOf(known);
  // Nothing resolves the links of a disk that does not respond, and nothing can be written there.
  const folders = await Promise.all(
    known.map(async (sessions) => (responding.has(sessions) ? await realPathAsFar(sessions) : sessions)),
  );
  return [...new Set(folders)].filter((folder) => folder !== own);
}

/** Files of `samocode supervisor --install`, below the home folder. */
const SERVICE_UNITS = [
  '.config/systemd/user/samocode-supervisor.service',
  'Library/LaunchAgents/dev.samocode.supervisor.plist',
];
