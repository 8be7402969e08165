import { dirname, join } from 'node:path';
import { contains } from '../base/files/contains.ts';
import type { SandboxOpenings } from '../base/sandbox-level.ts';
import { type HomePlaces, homeMounts } from './home-places.ts';
import { type Mount, readOnly, writable } from './mount.ts';
import { runtimeMounts, socketMounts } from './sockets.ts';

/** What a guard protects, and what it opens. All paths are absolute and real. */
export interface GuardPlaces {
  mainRepo: string;
  /** The git folder that all worktrees of the repository share. */
  commonDir: string;
  /** Checkouts of the repository other than MAIN_REPO and our worktrees. */
  otherCheckouts: readonly string[];
  /** SESSIONS of other projects. */
  otherSessions: readonly string[];
  sessionsDir: string;
  /** The run folders of all sessions. */
  runRoot: string;
  worktreesDir: string;
  /** samocode's settings and secrets. */
  configFolder: string;
  /** samocode's program, and the units that start it. */
  programs: readonly string[];
  /** A writable folder that contains protected folders opens none of those. */
  openings: SandboxOpenings;
  home: HomePlaces;
  /** SANDBOX=strict. */
  isStrict?: boolean;
  /** The logins for GitHub and GitLab are hidden. */
  hidesForgeLogin?: boolean;
  /** Absent before the session has a worktree. */
  session?: SessionPlaces;
}

export interface SessionPlaces {
  sessionDir: string;
  worktree: string;
  /** The worktree's git folder, inside the shared one. */
  gitDir: string;
  branch: string;
  /** Writable copies to mount over the user's settings. */
  copies?: readonly SettingsCopy[];
  /** Absent if a guard can only deny access: then the shared git folder is opened as far as commits need it. */
  git?: SessionGit;
}

export interface SettingsCopy {
  path: string;
  from: string;
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

/** What commits need to write in the shared folder. */
const OPEN_IN_GIT = ['objects', 'refs', 'logs/refs', 'lfs', 'rr-cache', 'reftable'];

/**
 * The mounts for an agent: unrestricted, except for samocode's paths, the repository, much of home, and
 * sockets. Folders where possible, because a read-only file loses its protection when another file is renamed
 * over it from outside.
 */
export function guardProfile(places: GuardPlaces): Mount[] {
  const { session, commonDir } = places;
  const isWide = (path: string) => protectedFolders(places).some((folder) => contains(path, folder));
  const wide = places.openings.write.filter(isWide);
  const opened = (path: string): Mount => ({ ...writable(path), ifThere: true });
  return [
    ...withHeld(places, [
      ...homeMounts(places.home).filter(({ path }) => !wide.some((folder) => contains(folder, path))),
      ...wide.map(opened),
      ...runtimeMounts(places),
    ]),
    ...places.otherSessions.map((path): Mount => ({ ...readOnly(path), ifThere: true })),
    readOnly(places.mainRepo),
    ...places.otherCheckouts.map((path): Mount => ({ ...readOnly(path), ifThere: true })),
    { ...readOnly(places.sessionsDir), ifThere: true },
    { ...readOnly(places.worktreesDir), ifThere: true },
    readOnly(commonDir),
    // After the mounts that might contain it: the repository can be the home folder.
    { kind: 'hidden', path: places.configFolder },
    ...(session === undefined ? [] : openForSession(commonDir, session)),
    ...places.openings.write.filter((path) => !isWide(path)).map(opened),
    ...(session?.git === undefined
      ? [{ ...readOnly(places.runRoot), ifThere: true } as const]
      : runFolderOf(places, session.git)),
    ...places.programs.map((path): Mount => ({ ...readOnly(path), ifThere: true })),
    ...socketMounts(places),
  ];
}

/** Holds the parents of protected paths, except in read-only folders. Outer first: the deepest rule wins. */
function withHeld(places: GuardPlaces, mounts: readonly Mount[]): Mount[] {
  const closed = mounts.filter(({ kind }) => kind === 'read_only').map(({ path }) => path);
  const kept = [...protectedFolders(places), ...places.otherCheckouts, ...places.programs, ...closed];
  const layers = new Map(mounts.map((mount) => [mount.path, mount]));
  for (const path of foldersAbove(kept)) {
    const above = mounts
      .filter((mount) => contains(mount.path, path))
      .sort(byDepth)
      .at(-1);
    const isKept = above?.kind === 'read_only' || above?.kind === 'hidden' || path === '/dev';
    if (above?.path !== path && !isKept) layers.set(path, { kind: 'held', path, ifThere: true });
  }
  return [...layers.values()].sort(byDepth);
}

export function byDepth(one: Mount, other: Mount): number {
  return one.path.length - other.path.length;
}

/** All parents, outer ones first: a parent could be moved away with its content, and replaced. */
export function foldersAbove(paths: readonly string[]): string[] {
  const above = paths.flatMap((path) => {
    const folders: string[] = [];
    for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
      folders.push(folder);
    return folders;
  });
  return [...new Set(above)].sort((one, other) => one.length - other.length);
}

export function openForSession(commonDir: string, session: SessionPlaces): Mount[] {
  const { worktree, sessionDir, git, copies = [] } = session;
  return [
    ...copies.map(({ path, from }): Mount => ({ ...writable(path), from })),
    ...(git === undefined ? openForCommits(commonDir, session) : privateGitMounts(commonDir, session, git)),
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
export function runFolderOf(
  { runRoot, commonDir }: GuardPlaces,
  { runDir, objects, lfs }: SessionGit,
): Mount[] {
  return [
    { kind: 'hidden', path: runRoot },
    readOnly(runDir),
    { ...readOnly(objects), from: join(commonDir, 'objects') },
    // Otherwise git would follow its alternates a second time.
    { kind: 'hidden', path: join(objects, 'info') },
    { ...readOnly(lfs), from: join(commonDir, 'lfs'), ifThere: true },
  ];
}

function openForCommits(commonDir: string, { gitDir, branch }: SessionPlaces): Mount[] {
  const heads = join(commonDir, 'refs/heads');
  const logs = join(commonDir, 'logs/refs/heads');
  const shared = [
    ...OPEN_IN_GIT.map((name) => writable(join(commonDir, name))),
    // git writes logs through links, so the logs of other branches and of the main checkout stay closed.
    readOnly(logs),
    writable(join(logs, dirname(branch))),
    readOnly(heads),
    readOnly(join(commonDir, 'refs/samocode')),
    // Replacement refs can show any commit or file as another, also to the user.
    readOnly(join(commonDir, 'refs/replace')),
    // A branch without a prefix shares the folder of all branches.
    writable(join(heads, dirname(branch))),
  ];
  return [
    ...shared.map((mount): Mount => ({ ...mount, ifThere: true })),
    writable(gitDir),
    // These files could redirect every git in the worktree, including the worker's, to another repository.
    readOnly(join(gitDir, 'commondir')),
    readOnly(join(gitDir, 'gitdir')),
  ];
}

/** Folders whose files, if written inside the guard, must not appear outside. */
export function forbiddenFolders(places: GuardPlaces): string[] {
  const { commonDir, openings, home } = places;
  const opened = openings.write;
  const all = protectedFolders(places);
  const narrow = opened.filter((path) => !all.some((folder) => contains(path, folder)));
  const isHomeOpen = home.dir === '/' || opened.some((path) => contains(path, home.dir));
  return [
    ...new Set([
      ...[...all, ...(isHomeOpen ? [] : [home.dir]), join(commonDir, 'hooks'), join(commonDir, 'refs/heads')],
      ...places.programs,
    ]),
  ].filter((folder) => !narrow.some((path) => contains(path, folder)));
}

function protectedFolders(places: GuardPlaces): string[] {
  const { mainRepo, commonDir, sessionsDir, runRoot, worktreesDir, configFolder } = places;
  return [mainRepo, commonDir, sessionsDir, runRoot, worktreesDir, configFolder];
}
