import { constants, copyFileSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { allProviders } from '../agents/registry.ts';
import { ifThere, orNothing } from '../kernel/errors.ts';
import { contains } from '../kernel/files/contains.ts';
import { mayAccess, namesAt, realFolder, statsAt } from '../kernel/files/path-stats.ts';
import { type Mount, readOnly, writable } from './guard/make-guard.ts';
import { nodeFolder } from './programs/node-path.ts';

/** Folders of programs below home with their dependencies, read-only for agents and checks. */
const PROGRAM_FOLDERS: readonly string[] =
  words(`bin .local/bin .local/lib .linuxbrew .bun/bin .deno/bin .cargo/bin go/bin .ghcup .juliaup .rvm .jenv .fly/bin
    .npm-global`);

interface Toolchains {
  /** Names another folder instead. */
  variable?: string;
  /** Folders in it to which a tool adds versions; an asterisk matches any name. */
  grows?: string;
}

/**
 * Version managers and toolchains below home: existing versions are read-only, and a session can add others, which no
 * other session sees. What tools write on the way (downloads, shims, temporary files) a session has as a copy.
 */
const TOOLCHAINS: Readonly<Record<string, Toolchains>> = {
  '.nvm': { variable: 'NVM_DIR', grows: 'versions/node alias' },
  '.local/share/uv': { grows: 'python tools' },
  '.local/share/mise': { variable: 'MISE_DATA_DIR', grows: 'installs/*' },
  '.asdf': { variable: 'ASDF_DATA_DIR', grows: 'installs/*' },
  '.local/share/fnm': { variable: 'FNM_DIR', grows: 'node-versions aliases' },
  '.volta': { variable: 'VOLTA_HOME', grows: 'tools/image/* tools/inventory/* tools/user' },
  '.nodenv': { variable: 'NODENV_ROOT', grows: 'versions' },
  '.pyenv': { variable: 'PYENV_ROOT', grows: 'versions' },
  '.rbenv': { variable: 'RBENV_ROOT', grows: 'versions' },
  '.rustup': { variable: 'RUSTUP_HOME', grows: 'toolchains update-hashes' },
  '.sdkman': { variable: 'SDKMAN_DIR', grows: 'candidates/*' },
  '.local/share/pnpm': { variable: 'PNPM_HOME', grows: 'global' },
  '.dotnet': { variable: 'DOTNET_ROOT', grows: 'sdk shared/* tools' },
};

/** Variables that name the folder of a toolchain, wherever it is. */
const TOOL_VARIABLES: readonly string[] =
  words(`JAVA_HOME GOROOT ANDROID_HOME ANDROID_SDK_ROOT FLUTTER_ROOT CONDA_PREFIX BUN_INSTALL DENO_INSTALL
    N_PREFIX MAVEN_HOME GRADLE_HOME`);

/** Caches below home: a project has its own, which its sessions share. */
export const CACHES: readonly string[] =
  words(`.cache .npm .local/share/pnpm/store .yarn/berry .bun/install/cache .cargo/registry .cargo/git go/pkg
    .m2/repository .gradle/caches .gradle/daemon .gradle/native .gradle/wrapper .nuget/packages`);

/** Files that a shell, ssh or an editor reads when it starts. */
const START_FILES: readonly string[] =
  words(`.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .inputrc .zshrc .zprofile .zshenv .zlogin
    .zlogout .xprofile .xsession .xinitrc .vimrc .tmux.conf .config/fish/config.fish .ssh/config .ssh/rc
    .ssh/authorized_keys`);

export function words(text: string): string[] {
  return text.split(/\s+/);
}

export interface HomePlaces {
  dir: string;
  /** The environment inside: its PATH, and where the CLIs keep their folders. */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The folders of PATH, as named and as they really are, without relative ones and those of another user, which `su` leaves
 * there.
 */
function foldersOfPath({ env: { PATH = '' } }: HomePlaces): string[] {
  const folders = PATH.split(delimiter).filter((path) => isAbsolute(path) && mayAccess(path, constants.X_OK));
  return [...new Set(folders.flatMap((path) => [path, realFolder(path) ?? path]))];
}

/** Folders of programs that are not their own prefix: they have the programs of everything in home. */
const SHARED = new Set(['.local', '.cargo', 'go']);

/**
 * Programs are often links to files beside their folder, or load them; shims (pyenv, asdf) start the manager's programs.
 */
function prefixOf(folder: string, home: string): string {
  const above = dirname(folder);
  const name = basename(folder);
  const hasLibrary = /^s?bin$/.test(name) && ['lib', 'Cellar'].some((each) => statsAt(join(above, each)));
  const isOfModules = name === '.bin' && basename(above) === 'node_modules';
  const isPrefix = hasLibrary || isOfModules || name === 'shims' || name === 'condabin';
  const isShared = dirname(above) === home && SHARED.has(basename(above));
  return isPrefix && !isShared && !contains(above, home) ? above : folder;
}

/** System folders, which are visible unchanged. */
export const SYSTEM = words(`/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /opt /nix /gnu /snap
  /var/lib/ca-certificates /var/cache/fontconfig /var/lib/snapd /run/current-system /run/booted-system
  /run/opengl-driver /run/wrappers`);

export interface ProgramsOptions {
  /** The folder that is mounted as home; absent: home is empty and in memory, and no toolchain can grow. */
  own?: string;
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
  const caches = cachePaths(home);
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
    ...chains.flatMap(({ root, grows }) => chainMounts(root, grows, { dir, own, caches })),
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

/** Entries, and 64 KiB, of a folder that is copied as a whole; of a larger one, folders are down to this depth. */
const MAX_COPIED = 500;
const COPIED_DEPTH = 2;

function isSmall(folder: string): boolean {
  const open = [folder];
  let left = MAX_COPIED;
  for (const at of open)
    for (const name of orNothing(() => namesAt(at)) ?? []) {
      const stats = statsAt(join(at, name));
      const size = stats?.isFile() && stats.size <= MAX_BYTES ? stats.size : 0;
      left -= 1 + size / 65_536;
      if (left < 0) return false;
      if (stats?.isDirectory()) open.push(join(at, name));
    }
  return true;
}

function chainMounts(
  root: string,
  grows: readonly string[],
  { dir, own, caches }: { dir: string; own: string | undefined; caches: ReadonlyMap<string, string> },
): Mount[] {
  if (own === undefined || !contains(dir, root)) return [readOnly(root)];
  /** @param copied how deep folders without versions are copied; absent in a folder that leads to versions */
  const lay = (folder: string, inner: readonly (readonly string[])[], copied?: number): Mount[] => {
    const at = plainFolder(own, relative(dir, folder));
    const hasVersions = inner.some((each) => each.length === 0);
    return (namesAt(folder) ?? []).flatMap((name) => {
      const [path, place] = [join(folder, name), join(at, name)];
      const below = inner.flatMap(([first, ...rest]) => (first === name || first === '*' ? [rest] : []));
      const stats = statsAt(path);
      if (stats?.isDirectory()) {
        if (below.length > 0) return lay(path, below);
        const depth = copied ?? COPIED_DEPTH;
        if (hasVersions || caches.has(path) || !mayAccess(path, constants.R_OK)) return [readOnly(path)];
        if (isSmall(path)) return lay(path, [], Number.POSITIVE_INFINITY);
        return depth > 0 ? lay(path, [], depth - 1) : [readOnly(path)];
      }
      const isLarge = stats?.isFile() === true && stats.size > MAX_BYTES;
      // Removing a mount point would unmount the file inside the guard of a running service.
      if (isLarge && statsAt(place)?.isFile()) return [readOnly(path)];
      // What a tool of the session has changed, as the list of versions in a shim, stays.
      if (!isLarge && copied !== undefined && statsAt(place) !== undefined) return [];
      rmSync(place, { recursive: true, force: true });
      if (stats?.isSymbolicLink()) symlinkSync(readlinkSync(path), place);
      if (!stats?.isFile()) return [];
      if (isLarge) return [readOnly(path)];
      orNothing(() => copyFileSync(path, place));
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

/** A name below `own` whose folder is no link. */
export function plainPath(own: string, name: string): string {
  return join(plainFolder(own, dirname(name)), basename(name));
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

/** git's settings below home. */
export const GIT_SETTINGS = [
  '.gitconfig',
  '.config/git/config',
  '.config/git/ignore',
  '.config/git/attributes',
];

/** Folders whose plain files are settings. */
const SETTINGS_FOLDERS = [
  '',
  '.config',
  '.cargo',
  '.m2',
  '.gradle',
  '.gnupg',
  '.ssh',
  '.config/git',
  '.config/fish',
];

/**
 * Prepares a session's home for its next program: files that an earlier agent left as settings, start files or state of
 * a CLI are gone, and git's settings are the person's again, as copies. Toolchains and other folders stay.
 */
export function freshHome(dir: string, own: string): void {
  for (const folder of SETTINGS_FOLDERS) {
    const at = plainFolder(own, folder);
    for (const name of namesAt(at) ?? [])
      if (!statsAt(join(at, name))?.isDirectory()) rmSync(join(at, name), { force: true });
  }
  for (const name of [...START_FILES, ...stateNames()])
    rmSync(plainPath(own, name), { recursive: true, force: true });
  for (const name of gitSettings(dir)) {
    const from = realFolder(join(dir, name));
    if (from && statsAt(from)?.isFile()) ifThere(() => copyFileSync(from, plainPath(own, name)));
  }
}

/** Paths relative to home that belong to the CLIs: an agent must not find files of an earlier one there. */
function stateNames(): string[] {
  return allProviders().flatMap(({ state }) => (state ? [state.folder, ...(state.beside ?? [])] : []));
}

/** The maximum number of files that are followed from git's settings. */
const MAX_INCLUDED = 20;

/** git's settings below home, with the files that they include. */
function gitSettings(dir: string): string[] {
  const names = new Set(GIT_SETTINGS);
  for (const name of names) {
    const path = join(dir, name);
    if (names.size > MAX_INCLUDED || statsAt(realFolder(path) ?? path)?.isFile() !== true) continue;
    for (const section of (ifThere(() => readFileSync(path, 'utf8')) ?? '').split(/^\s*(?=\[)/m)) {
      const included = /^\[include/i.test(section)
        ? section.matchAll(/^\s*path\s*=\s*"?([^"\n]+?)"?\s*$/gim)
        : [];
      for (const [, named = ''] of included) {
        const target = resolve(dirname(path), named.replace(/^~\//, `${dir}/`));
        if (contains(dir, target)) names.add(relative(dir, target));
      }
    }
  }
  return [...names];
}

export function cacheMounts(home: HomePlaces, caches: string | undefined): Mount[] {
  if (caches === undefined) return [];
  return [...cachePaths(home)].map(([path, name]) => ({
    ...writable(path),
    from: plainFolder(caches, name),
  }));
}

/** The paths of caches with their names, also where the folder of their toolchain is another one. */
function cachePaths({ dir, env }: HomePlaces): ReadonlyMap<string, string> {
  const moved = Object.entries(TOOLCHAINS).flatMap(([chain, { variable }]) => {
    const root = realFolder(variable && env[variable]) ?? join(dir, chain);
    const inside = CACHES.filter((name) => contains(chain, name));
    return inside.map((name) => [join(root, relative(chain, name)), name] as const);
  });
  const there = moved.filter(([path]) => statsAt(path)?.isDirectory());
  return new Map([...CACHES.map((name) => [join(dir, name), name] as const), ...there]);
}
