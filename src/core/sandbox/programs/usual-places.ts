import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { allProviders } from '../../agents/registry.ts';

interface Place {
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  /** The node that runs us: its npm installs programs next to it. */
  nodePath: string;
}

/** @returns false also for missing files */
export async function isExecutable(path: string): Promise<boolean> {
  return (await executabilityOf(path)) === 'executable';
}

export async function executabilityOf(path: string): Promise<'executable' | 'not executable' | 'missing'> {
  try {
    if (!(await stat(path)).isFile()) return 'not executable';
  } catch {
    return 'missing';
  }
  try {
    await access(path, constants.X_OK);
    return 'executable';
  } catch {
    return 'not executable';
  }
}

// A relative entry of PATH means a different program in every working directory.
export function absoluteFolders(path = ''): string[] {
  return path.split(delimiter).filter(isAbsolute);
}

/** On Linux and on a Mac. */
const FNM = ['.local/share/fnm', 'Library/Application Support/fnm'];

/** The folders in which installers put programs, and version managers theirs. */
export async function usualPlaces({ env, homeDir, nodePath }: Place): Promise<string[]> {
  const npmPrefix = env.npm_config_prefix ?? env.NPM_CONFIG_PREFIX;
  const fnmDirs = env.FNM_DIR ? [env.FNM_DIR] : FNM.map((name) => join(homeDir, name));
  const miseDir = env.MISE_DATA_DIR ?? join(homeDir, '.local/share/mise');
  const asdfDir = env.ASDF_DATA_DIR ?? join(homeDir, '.asdf');
  return [
    join(homeDir, '.local/bin'),
    ...allProviders().flatMap(({ installFolders = [] }) =>
      installFolders.map((folder) => join(homeDir, folder)),
    ),
    '/usr/local/bin',
    '/opt/homebrew/bin',
    ...(npmPrefix && isAbsolute(npmPrefix) ? [join(npmPrefix, 'bin')] : []),
    dirname(nodePath),
    join(homeDir, '.npm-global/bin'),
    join(homeDir, '.volta/bin'),
    join(homeDir, '.bun/bin'),
    join(homeDir, '.local/share/pnpm'),
    join(env.N_PREFIX ?? join(homeDir, 'n'), 'bin'),
    ...(await versionFolders(join(env.NVM_DIR ?? join(homeDir, '.nvm'), 'versions/node'), 'bin')),
    ...(
      await Promise.all(fnmDirs.map((dir) => versionFolders(join(dir, 'node-versions'), 'installation/bin')))
    ).flat(),
    ...(await versionFolders(join(miseDir, 'installs/node'), 'bin')),
    join(miseDir, 'shims'),
    ...(await versionFolders(join(asdfDir, 'installs/nodejs'), 'bin')),
    join(asdfDir, 'shims'),
  ];
}

/** The program folders of a tool with one folder per version, newest first. */
async function versionFolders(versionsDir: string, bin: string): Promise<string[]> {
  const versions = await readdir(versionsDir).catch(() => []);
  return versions
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((version) => join(versionsDir, version, bin));
}
