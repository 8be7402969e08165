import { constants, copyFileSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { allProviders } from '../agents/registry.ts';
import { ifThere } from '../kernel/errors.ts';
import { contains } from '../kernel/files/contains.ts';
import { mayAccess, namesAt, realFolder, statsAt } from '../kernel/files/path-stats.ts';
import { type Mount, readOnly } from './guard/mount.ts';
import { PROGRAM_FOLDERS, TOOL_VARIABLES, TOOLCHAINS, words } from './home-lists.ts';
import { foldersOfPath, type HomePlaces, prefixOf } from './home-places.ts';
import { nodeFolder } from './programs/node-path.ts';

/** System folders, which are visible unchanged. */
export const SYSTEM = words(`/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt /nix /gnu /snap
  /var/lib/ca-certificates /var/cache/fontconfig /var/lib/snapd /run/current-system /run/booted-system
  /run/opengl-driver /run/wrappers`);

export interface ProgramsOptions {
  /** The folder that is mounted as home; absent: home is empty and in memory, and no toolchain can grow. */
  own?: string;
  /** Agent CLIs that are started. */
  clis?: readonly { name: string; path?: string }[];
}

/**
 * The programs below home and those of PATH outside of system folders, read-only. Toolchains are laid out in `own` such
 * that further versions can be added beside those of the person.
 */
export function programMounts(home: HomePlaces, { own, clis = [] }: ProgramsOptions): Mount[] {
  const { dir } = home;
  const isNeeded = (path: string) =>
    !contains(path, dir) && path !== '/' && !SYSTEM.some((folder) => contains(folder, path));
  const chains = toolchainsOf(home).filter(({ root }) => isNeeded(root));
  const isInChain = (path: string) => chains.some(({ root }) => contains(root, path));
  const folders = [
    ...PROGRAM_FOLDERS.map((name) => join(dir, name)),
    ...installed(dir, clis),
    ...[...foldersOfPath(home), nodeFolder()].map((folder) => prefixOf(folder, dir)),
    ...TOOL_VARIABLES.flatMap((name) => realFolder(home.env[name]) ?? []),
    // The file itself too, because its folder might contain home.
    ...clis.flatMap(({ path }) =>
      path === undefined ? [] : [path, prefixOf(dirname(path), dir), packageOf(path)],
    ),
  ].filter((path) => isNeeded(path) && !isInChain(path) && mayAccess(path, constants.R_OK));
  const linked = folders.flatMap((folder) => linkedFrom(folder, dir)).filter(isNeeded);
  return [
    ...chains.flatMap(({ root, grows }) => chainMounts(root, grows, { dir, own })),
    ...outermost([...folders, ...linked.filter((path) => !isInChain(path))]).map(readOnly),
  ];
}

/** The names of its programs below home, for a home that can only link to them. */
export function programNames(home: HomePlaces): string[] {
  const chains = toolchainsOf(home).map(({ root }) => root);
  const all = [...PROGRAM_FOLDERS.map((name) => join(home.dir, name)), ...chains];
  return all.filter((path) => contains(home.dir, path)).map((path) => relative(home.dir, path));
}

function installed(dir: string, clis: ProgramsOptions['clis'] = []): string[] {
  const named = allProviders().filter(({ name }) => clis.some((cli) => cli.name === name));
  return named
    .flatMap(({ installFolders = [], starters = [] }) => [...installFolders, ...starters])
    .map((name) => join(dir, name));
}

function toolchainsOf({ dir, env }: HomePlaces) {
  return Object.entries(TOOLCHAINS).flatMap(([name, { variable, grows = '' }]) => {
    const root = realFolder((variable && env[variable]) || join(dir, name));
    const isThere = root && statsAt(root)?.isDirectory() && mayAccess(root, constants.R_OK);
    return isThere ? [{ root, grows: words(grows) }] : [];
  });
}

/** Files up to this size are copied, because tools replace them. */
const MAX_BYTES = 1024 * 1024;

function chainMounts(
  root: string,
  grows: readonly string[],
  { dir, own }: { dir: string; own: string | undefined },
): Mount[] {
  if (own === undefined || !contains(dir, root)) return [readOnly(root)];
  const lay = (folder: string, inner: readonly (readonly string[])[]): Mount[] => {
    const at = plainFolder(own, relative(dir, folder));
    return (namesAt(folder) ?? []).flatMap((name) => {
      const [path, place] = [join(folder, name), join(at, name)];
      const below = inner.flatMap(([first, ...rest]) => (first === name || first === '*' ? [rest] : []));
      const stats = statsAt(path);
      if (stats?.isDirectory()) return below.length > 0 ? lay(path, below) : [readOnly(path)];
      const isLarge = stats?.isFile() === true && stats.size > MAX_BYTES;
      // Removing a mount point would unmount the file inside the guard of a running service.
      if (isLarge && statsAt(place)?.isFile()) return [readOnly(path)];
      rmSync(place, { recursive: true, force: true });
      if (stats?.isSymbolicLink()) symlinkSync(readlinkSync(path), place);
      if (!stats?.isFile()) return [];
      if (isLarge) return [readOnly(path)];
      ifThere(() => copyFileSync(path, place));
      return [];
    });
  };
  return lay(
    root,
    grows.map((each) => each.split('/')),
  );
}

/**
 * A folder below `own` whose path has no link: agents write in `own`, and our writes must not follow links that
 * they made there.
 * @returns its path
 */
export function plainFolder(own: string, name: string): string {
  let path = own;
  for (const part of name.split(sep).filter(Boolean)) {
    path = join(path, part);
    if (statsAt(path)?.isDirectory()) continue;
    rmSync(path, { force: true });
    mkdirSync(path, { mode: 0o700 });
  }
  return path;
}

/** The targets of links in a folder of programs: a file, or the prefix that it needs. */
function linkedFrom(folder: string, home: string): string[] {
  const links = (namesAt(folder) ?? []).filter((name) => statsAt(join(folder, name))?.isSymbolicLink());
  return links.flatMap((name) => {
    const target = realFolder(join(folder, name));
    if (target === undefined || contains(folder, target)) return [];
    const prefix = prefixOf(dirname(target), home);
    return [prefix === dirname(target) ? target : prefix];
  });
}

/** The folder of a program's package with its dependencies, or the program's own folder. */
function packageOf(path: string): string {
  const target = realFolder(path) ?? path;
  const [above, ...inside] = target.split(`${sep}node_modules${sep}`);
  return inside.length === 0 ? dirname(target) : join(above ?? '', 'node_modules');
}

/** The paths that are not inside another one; all absolute, or all relative to the same folder. */
export function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter(
    (path) => !paths.some((other) => other !== path && contains(other, path)),
  );
}
