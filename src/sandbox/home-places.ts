import { constants, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { contains } from '../base/files/contains.ts';
import { mayAccess, namesAt, statsAt } from '../base/files/path-stats.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { nodeFolder } from '../providers/starting/node-path.ts';
import { BY_NAME, CACHES, OPEN_START_FILES, START_FILES, STARTERS, STORES, words } from './home-lists.ts';
import { type Mount, readOnly, writable } from './mount.ts';

export interface HomePlaces {
  /** The home folder, absolute and real. */
  dir: string;
  /** The environment inside: its PATH, and where the CLIs keep their folders. */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Home itself is read-only, and so are PATH folders elsewhere. Writable entries are listed by name, so that nothing can
 * be added where a shell, a desktop or a tool would start it. A deeper rule overrides its parent.
 */
export function homeMounts(home: HomePlaces): Mount[] {
  const { dir } = home;
  const folders = [...foldersOfPath(home), nodeFolder()].filter((path) => mayAccess(path, constants.W_OK));
  const programs = [
    ...folders.map((path) => prefixOf(path, dir)),
    ...(process.getuid?.() === 0 ? OF_ROOT : []),
  ];
  const isThere = hasHome(home);
  const below = (names: readonly string[]) => (isThere ? names.map((name) => join(dir, name)) : []);
  const byName = below(BY_NAME).map(real);
  const starters = [...below(STARTERS), ...programs];
  const states = stateFolders(home).map(({ folder }) => real(folder));
  const entries = byName.flatMap((folder) => (namesAt(folder) ?? []).map((name) => join(folder, name)));
  const isClosed = new Set([...byName, ...starters]);
  const open = entries.filter((path) => statsAt(path)?.isDirectory() && !isClosed.has(path));
  // Start files are often links into another folder.
  const links = entries.filter((path) => statsAt(path)?.isSymbolicLink() && statsAt(real(path))?.isFile());
  const closed = [...starters, ...links, ...below(OPEN_START_FILES), ...(isThere ? steering(home) : [])]
    .map((path) => protectedPathOf(path, [dir, tmpdir(), ...states]))
    .filter((path) => !byName.includes(path) && ![dir, tmpdir()].some((each) => contains(path, each)));
  const writables = [...open, ...below(STORES).map(real), ...(isThere ? states : [])];
  const mounts = [...byName.map(readOnly), ...writables.map(writable), ...closed.map(readOnly)];
  return mounts.map((mount) => ({ ...mount, ifThere: true }));
}

/** System settings and programs, which root can write. */
const OF_ROOT = ['/usr', '/etc', '/opt', '/var/spool/cron'];

/** Home files that an agent could still change, compared later. @param isOpen no guard protects home */
export function watchedInHome(home: HomePlaces, { isOpen }: { isOpen: boolean }): string[] {
  if (!hasHome(home)) return [];
  const files = [...OPEN_START_FILES, ...STARTERS.filter(isDeep), ...(isOpen ? START_FILES : [])];
  return [...files.map((name) => join(home.dir, name)), ...steering(home)];
}

/** Whether a starter is in a writable folder. */
function isDeep(starter: string): boolean {
  return !BY_NAME.includes(starter.includes('/') ? dirname(starter) : '');
}

/** Creates missing folders of installed tools and CLIs. Those that can't be created are not needed here. */
export function makeHomeFolders(home: HomePlaces, clis: readonly string[]): void {
  if (!hasHome(home)) return;
  const isThere = (program: string) => foldersOfPath(home).some((folder) => statsAt(join(folder, program)));
  const caches = Object.entries(CACHES).filter(([program]) => program === '' || isThere(program));
  const names = caches.flatMap(([, folders]) => words(folders));
  for (const folder of [
    ...names.map((name) => join(home.dir, name)),
    ...stateFolders(home, clis).map((state) => state.folder),
  ])
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch {
      // A read-only home, or a file of that name.
    }
}

function hasHome({ dir }: HomePlaces): boolean {
  return dir !== '/' && statsAt(dir) !== undefined;
}

interface StateFolder {
  folder: string;
  steering: readonly string[];
}

/** The CLIs' state folders, which they must be able to write. */
export function stateFolders({ dir, env }: HomePlaces, clis?: readonly string[]): StateFolder[] {
  return PROVIDERS.flatMap(({ name, state }) => {
    if (state === undefined || clis?.includes(name) === false) return [];
    const { folder, variable, homeVariable, steering } = state;
    const own = variable === undefined ? undefined : env[variable];
    const above = homeVariable === undefined ? undefined : env[homeVariable];
    return [{ folder: own || join(above || dir, folder), steering }];
  });
}

/** Existing entries that run as the user or are read by their next chat. */
export function steering(home: HomePlaces): string[] {
  return stateFolders(home).flatMap(({ folder, steering: names }) =>
    names.flatMap((name) => {
      const [above, rest] = name.split('*');
      if (above === undefined || rest === undefined) return [join(folder, name)];
      const shown = (namesAt(join(folder, above)) ?? []).filter((each) => !each.startsWith('.'));
      return shown.map((each) => join(folder, above, `${each}${rest}`));
    }),
  );
}

/** The real folders of PATH, without relative ones and those of another user, which `su` leaves there. */
export function foldersOfPath({ env: { PATH = '' } }: HomePlaces): string[] {
  const folders = PATH.split(delimiter).filter((path) => isAbsolute(path) && mayAccess(path, constants.X_OK));
  return [...new Set(folders.map(real))];
}

/**
 * Programs are often links to files beside their folder; shims (pyenv, asdf) start the manager's programs.
 */
export function prefixOf(folder: string, home: string): string {
  const above = dirname(folder);
  const name = basename(folder);
  const hasLibrary = /^s?bin$/.test(name) && ['lib', 'Cellar'].some((each) => statsAt(join(above, each)));
  const isPrefix = hasLibrary || name === 'shims';
  return isPrefix && !contains(above, home) ? above : folder;
}

/** A link's target is protected through its folder, unless that folder must stay open for other things. */
function protectedPathOf(path: string, open: readonly string[]): string {
  const target = real(path);
  const folder = dirname(target);
  const isFileElsewhere = target !== path && statsAt(target)?.isFile();
  return isFileElsewhere && !open.some((each) => contains(folder, each)) ? folder : target;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
