import { dirname, join } from 'node:path';
import { hasOwnFolder } from '../../base/sandbox-level.ts';
import { OPEN_IN_GIT } from '../contract/provider.ts';

/** One rule about a folder or file. Later rules win over earlier ones. */
export interface Mount {
  /** `held`: it stays as it is, but can't be moved away with all that it holds. */
  kind: 'read_only' | 'writable' | 'hidden' | 'held';
  /** Absolute, without links. */
  path: string;
  /** It may be missing, which is fine. */
  ifThere?: true;
}

/** What a guard protects, and what it opens. All paths are absolute and real. */
export interface GuardPlaces {
  mainRepo: string;
  /** The git folder that all worktrees of the repository share. */
  commonDir: string;
  /** Checkouts of the repository beside MAIN_REPO that are none of ours. */
  otherCheckouts: readonly string[];
  /** SESSIONS of other projects. */
  otherSessions: readonly string[];
  sessionsDir: string;
  /** The run folders of all sessions. */
  runRoot: string;
  worktreesDir: string;
  /** samocode's own settings and secrets. */
  configFolder: string;
  /** samocode's own program, and the units that start it. */
  programs: readonly string[];
  /** SANDBOX_WRITE. A folder in which protected ones lie opens none of them. */
  writable: readonly string[];
  /** Absent before the session has a worktree. */
  session?: SessionPlaces;
}

export interface SessionPlaces {
  sessionDir: string;
  worktree: string;
  /** The worktree's own git folder, below the shared one. */
  gitDir: string;
  branch: string;
}

/** Of what git writes there: what not every repository has. */
const OPEN_IF_THERE = ['rr-cache', 'reftable'];

/**
 * The profile of an agent: everything is as it is, but for what belongs to samocode and to the person's repository.
 * Folders wherever it can be: a read-only file loses its protection when somebody outside renames another over it.
 */
export function guardProfile(places: GuardPlaces): Mount[] {
  const { session, commonDir } = places;
  const isWide = (path: string) => protectedFolders(places).some((folder) => contains(path, folder));
  const opened = (path: string): Mount => ({ ...writable(path), ifThere: true });
  return [
    ...places.writable.filter(isWide).map(opened),
    ...foldersAbove([...protectedFolders(places), ...places.otherCheckouts, ...places.programs]).map(
      (path): Mount => ({ kind: 'held', path, ifThere: true }),
    ),
    ...places.otherSessions.map((path): Mount => ({ ...readOnly(path), ifThere: true })),
    readOnly(places.mainRepo),
    ...places.otherCheckouts.map((path): Mount => ({ ...readOnly(path), ifThere: true })),
    { ...readOnly(places.sessionsDir), ifThere: true },
    { ...readOnly(places.worktreesDir), ifThere: true },
    readOnly(commonDir),
    // Behind what may hold it: the repository may be the home folder.
    { kind: 'hidden', path: places.configFolder },
    ...(session === undefined ? [] : openForCommits(commonDir, session)),
    ...places.writable.filter((path) => !isWide(path)).map(opened),
    { ...readOnly(places.runRoot), ifThere: true },
    ...places.programs.map((path): Mount => ({ ...readOnly(path), ifThere: true })),
  ];
}

/** A folder above could be moved away, and what it protects with it, for another to take its place. Outer ones first. */
function foldersAbove(paths: readonly string[]): string[] {
  const above = paths.flatMap((path) => {
    const folders: string[] = [];
    for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
      folders.push(folder);
    return folders;
  });
  return [...new Set(above)].sort((one, other) => one.length - other.length);
}

function openForCommits(commonDir: string, session: SessionPlaces): Mount[] {
  const { gitDir, worktree, branch, sessionDir } = session;
  const heads = join(commonDir, 'refs/heads');
  const logs = join(commonDir, 'logs/refs/heads');
  const shared = [
    ...[...OPEN_IN_GIT, ...OPEN_IF_THERE].map((name) => writable(join(commonDir, name))),
    // git writes a log through a link: that of the person's branches is not open, nor that of the main checkout.
    readOnly(logs),
    writable(join(logs, dirname(branch))),
    readOnly(heads),
    readOnly(join(commonDir, 'refs/samocode')),
    // By one of these any commit or file can be shown as another, to the person too.
    readOnly(join(commonDir, 'refs/replace')),
    // A branch without a folder of its own shares that of all others.
    writable(join(heads, dirname(branch))),
  ];
  return [
    // A repository with a reftable has none of the folders of refs.
    ...shared.map((mount): Mount => ({ ...mount, ifThere: true })),
    writable(gitDir),
    // By these a worktree's git would be led to another repository, and the worker's with it.
    readOnly(join(gitDir, 'commondir')),
    readOnly(join(gitDir, 'gitdir')),
    writable(worktree),
    readOnly(join(worktree, '.git')),
    writable(sessionDir),
  ];
}

/** Folders in which nothing that is written inside the guard may be found outside. */
export function forbiddenFolders(places: GuardPlaces): string[] {
  const { commonDir, session, writable: opened } = places;
  const all = protectedFolders(places);
  const narrow = opened.filter((path) => !all.some((folder) => contains(path, folder)));
  return [
    ...new Set([
      ...[...all, join(commonDir, 'hooks')],
      // Without a folder of its own the branch is only watched, and so are all others.
      ...(session === undefined || hasOwnFolder(session.branch) ? [join(commonDir, 'refs/heads')] : []),
      ...places.programs,
    ]),
  ].filter((folder) => !narrow.some((path) => contains(path, folder)));
}

function protectedFolders(places: GuardPlaces): string[] {
  const { mainRepo, commonDir, sessionsDir, runRoot, worktreesDir, configFolder } = places;
  return [mainRepo, commonDir, sessionsDir, runRoot, worktreesDir, configFolder];
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function readOnly(path: string): Mount {
  return { kind: 'read_only', path };
}

function writable(path: string): Mount {
  return { kind: 'writable', path };
}
