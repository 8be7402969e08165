import { isAbsolute, join } from 'node:path';
import type { Provider } from '../../agents/contract/provider.ts';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { homeLast } from '../../kernel/processes/run-command.ts';
import { liesIn } from '../../project/proving/checkout-variables.ts';
import { readLoginEnvironment } from './login-shell.ts';
import { absoluteFolders, executabilityOf, isExecutable, usualPlaces } from './usual-places.ts';

export interface CliQuestion {
  cli: Pick<Provider, 'name' | 'defaultCommand'>;
  /** Its setting: an absolute path, `~/…` or a bare name; empty or absent means the default command. */
  configured?: string;
  env: Readonly<Record<string, string | undefined>>;
  homeDir: string;
  /** The node that runs us: its npm installs programs next to it. */
  nodePath: string;
  /** Checkouts of the project: none of its files is started. */
  checkouts?: readonly string[];
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
      if (searched.includes(folder) || liesIn(question.checkouts ?? [], folder)) continue;
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
    for (const folder of absoluteFolders(homeLast(env)))
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

async function loginShellPath({ env, homeDir, refusal }: CliQuestion): Promise<string[]> {
  const login = await readLoginEnvironment(env, homeDir, refusal);
  return login.kind === 'read' ? absoluteFolders(login.env.PATH) : [];
}
