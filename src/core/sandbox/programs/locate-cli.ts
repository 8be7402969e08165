import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Provider } from '../../agents/contract/provider.ts';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { allProviders } from '../../agents/registry.ts';
import { readLoginEnvironment } from './login-shell.ts';

export interface CliQuestion {
  cli: Pick<Provider, 'name' | 'defaultCommand'>;
  /** Its setting: an absolute path, `~/…` or a bare name; empty or absent means the default command. */
  configured?: string;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  /** The node that runs us: its npm installs programs next to it. */
  nodePath: string;
  /** The reason why no login shell may be asked, as returned by `loginRefusal`. */
  refusal?: string;
}

export function pathSettingOf(provider: string): string {
  return `${provider.toUpperCase()}_PATH`;
}

export interface LocatedCli {
  /** Absolute and executable; links are not resolved, so that updates take effect. */
  path: string;
  foundIn: 'setting' | 'PATH' | 'usual place' | 'login shell';
}

/**
 * Finds an agent CLI: only the configured path if set, otherwise PATH, the usual install folders, and finally the
 * PATH of a login shell (at most 5 s), which desktop clients lack.
 */
export async function locateCli(question: CliQuestion): Promise<LocatedCli> {
  const configured = question.configured?.trim() || question.cli.defaultCommand;
  if (configured.includes('/')) return await configuredPath(configured, question);
  const searched: string[] = [];
  for (const [foundIn, folders] of sources(question)) {
    for (const folder of await folders()) {
      if (searched.includes(folder)) continue;
      searched.push(folder);
      const path = join(folder, configured);
      if (await isExecutable(path)) return { path, foundIn };
    }
  }
  const setting = pathSettingOf(question.cli.name);
  throw PROVIDER_ERRORS.cli_not_found({ command: configured, setting, searched });
}

/** For tests of pages, and pictures of them. */
export const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The absolute path of the first of these names found on PATH. */
export async function programOnPath(
  names: readonly string[],
  env: CliQuestion['env'],
): Promise<string | undefined> {
  for (const name of names)
    for (const folder of absoluteFolders(env.PATH))
      if (await isExecutable(join(folder, name))) return join(folder, name);
  return undefined;
}

type Source = [LocatedCli['foundIn'], () => string[] | Promise<string[]>];

// Lazy, because the later ones start a process or list a folder.
function sources(question: CliQuestion): Source[] {
  return [
    ['PATH', () => absoluteFolders(question.env.PATH)],
    ['usual place', () => usualPlaces(question)],
    ['login shell', () => loginShellPath(question)],
  ];
}

async function configuredPath(configured: string, question: CliQuestion): Promise<LocatedCli> {
  const { homeDir, cli } = question;
  const setting = pathSettingOf(cli.name);
  const path = configured.startsWith('~/') ? join(homeDir, configured.slice(2)) : configured;
  if (!isAbsolute(path))
    throw PROVIDER_ERRORS.cli_not_executable({ path, setting, why: 'is not an absolute path' });
  const finding = await executabilityOf(path);
  if (finding === 'executable') return { path, foundIn: 'setting' };
  const why = finding === 'missing' ? 'does not exist' : 'is not an executable file';
  throw PROVIDER_ERRORS.cli_not_executable({ path, setting, why });
}

/** @returns false also for missing files */
export async function isExecutable(path: string): Promise<boolean> {
  return (await executabilityOf(path)) === 'executable';
}

async function executabilityOf(path: string): Promise<'executable' | 'not executable' | 'missing'> {
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
function absoluteFolders(path = ''): string[] {
  return path.split(delimiter).filter(isAbsolute);
}

async function usualPlaces({ env, homeDir, nodePath }: CliQuestion): Promise<string[]> {
  const npmPrefix = env.npm_config_prefix ?? env.NPM_CONFIG_PREFIX;
  const fnmDir = env.FNM_DIR ?? join(homeDir, '.local/share/fnm');
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
    ...(await versionFolders(join(fnmDir, 'node-versions'), 'installation/bin')),
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

async function loginShellPath({ env, homeDir, refusal }: CliQuestion): Promise<string[]> {
  const login = await readLoginEnvironment(env, homeDir, refusal);
  return login.kind === 'read' ? absoluteFolders(login.env.PATH) : [];
}
