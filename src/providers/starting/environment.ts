import { delimiter, dirname } from 'node:path';
import { definedOnly } from '../../base/defined-only.ts';
import { gitSettings, isFineForGit } from '../../base/processes/git-variables.ts';
import { PROVIDERS } from '../registry.ts';

/** The session's ULID, in the environment of every process of an agent. */
export const SESSION_MARK = 'SAMOCODE_SESSION';
/** The iteration, a number from 1, next to `SESSION_MARK`. */
export const ITERATION_MARK = 'SAMOCODE_ITERATION';

interface Allowed {
  env: readonly string[];
  clis: readonly string[];
}

export interface ChildFacts {
  sessionUlid: string;
  iteration: number;
  /** Absolute; its folder is appended to PATH, where the node that a CLI's first line names often is. */
  cliPath?: string;
  /** In the strict sandbox: what SANDBOX_ENV names, and the CLIs whose variables are needed; others are removed. */
  only?: Allowed | undefined;
  /** Removes GitHub and GitLab logins here, because /proc would still show a variable that only the guard unsets. */
  hidesForgeLogin?: boolean;
}

/**
 * The environment of an agent: the worker's, without variables the parent client sets for *its* children, our
 * settings and secrets, and git's and npm's pointers to other folders, plus markers that identify the agent's
 * processes. Logins, proxies and the rest are passed unchanged.
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { sessionUlid, iteration, cliPath, only, hidesForgeLogin }: ChildFacts,
): Record<string, string> {
  const isAllowed = only === undefined ? () => true : allowsVariable(only);
  const isHidden = (name: string) => hidesForgeLogin === true && isForgeLogin(name);
  const kept = definedOnly(env, (name) => isForChild(name) && isAllowed(name) && !isHidden(name));
  return {
    ...kept,
    ...gitSettings(kept, GIT_SETTINGS),
    ...GIT_FOR_CHILDREN,
    PATH: pathForChild(kept.PATH, cliPath),
    [SESSION_MARK]: sessionUlid,
    [ITERATION_MARK]: String(iteration),
  };
}

/**
 * git maintenance would outlive the agent and hold the lock; nobody can type a password or close an editor.
 */
const GIT_SETTINGS = [
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // Pruning fails in the guard, and the whole fetch with it.
  ['fetch.prune', 'false'],
] as const;

const GIT_FOR_CHILDREN = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_EDITOR: 'true',
};

/**
 * The settings of such an environment, unsigned, if the signing agent is hidden: otherwise commits of a user who signs
 * would fail.
 */
export function unsignedGit(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const unsigned = [['commit.gpgSign', 'false'] as const, ['tag.gpgSign', 'false'] as const];
  return gitSettings(definedOnly(env, isForChild), [...GIT_SETTINGS, ...unsigned]);
}

/** Variables that agent CLIs set for their children, about another session. Several agents set `AI_AGENT`. */
const PARENT_CLIENT = new Set(['AI_AGENT', ...PROVIDERS.flatMap(({ leftovers = [] }) => leftovers)]);

/** Variables `npx` sets for its program; npm inside an agent would mistake our folder for its own. */
const OF_NPX =
  /^(?:npm_(?:package_|lifecycle_|command$|execpath$|node_execpath$|config_local_prefix$)|INIT_CWD$)/;

/** Our variables, except those that the rehearsal agent needs. */
const OURS = /^(?:SAMOCODE_(?!REHEARSAL_)|REHEARSAL_)/;

/** Whether this is a notification setting, possibly a secret. NOTIFY_SOCKET is systemd's. */
export function isNotifyVariable(name: string): boolean {
  return /^(?:NOTIFY_(?!SOCKET$)|TELEGRAM_)/.test(name);
}

/** The variables that a strict sandbox lets in: no secrets except those of agent CLIs. */
const PLAIN =
  /^(?:HOME|PATH|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|USER|LOGNAME|SHELL|CI|JAVA_HOME|(?:SAMOCODE_)?REHEARSAL_\w+|GIT_(?:AUTHOR|COMMITTER)_\w+|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|HUSKY|LEFTHOOK)$/;

function allowsVariable({ env, clis }: Allowed): (name: string) => boolean {
  const own = PROVIDERS.filter(({ name }) => clis.includes(name)).map(({ variables }) => variables);
  const isNamed = (name: string) =>
    env.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
  return (name) => PLAIN.test(name) || isNamed(name) || own.some((variables) => variables?.test(name));
}

/** Variables that hold a GitHub or GitLab token, or name a program that knows the password. */
const FORGE_LOGIN =
  /^(?:\w+_)?(?:GH|GITHUB|GITLAB|GLAB)_(?:\w+_)?(?:TOKEN|PAT|PASSWORD)$|^(?:CI_JOB_TOKEN|OAUTH_TOKEN|(?:GIT|SSH)_ASKPASS)$/;

function isForgeLogin(name: string): boolean {
  return FORGE_LOGIN.test(name);
}

/** A program that knows the user's password: our calls don't need it, but an agent might have to push. */
const GIT_FOR_PUSHING = 'GIT_ASKPASS';

function isForChild(name: string): boolean {
  if (!isFineForGit(name)) return name === GIT_FOR_PUSHING;
  return !PARENT_CLIENT.has(name) && !OF_NPX.test(name) && !OURS.test(name) && !isNotifyVariable(name);
}

/** Set by shells, terminals, logins and desktops: they describe where a program was started. */
const OF_PLACE =
  /^(?:_|SHLVL|PWD|OLDPWD|TERM|COLUMNS|LINES|LS_COLORS|WINDOWID|STY|DISPLAY|INVOCATION_ID|JOURNAL_STREAM|(?:COLORTERM|TERM|TMUX|SSH|WAYLAND|XDG|DBUS|VSCODE|VTE|GNOME|KDE|ITERM|GHOSTTY|KITTY|ALACRITTY|WEZTERM|KONSOLE|DESKTOP|WT)(?:_\w+)?)$/;

/** Names of the variables that agents get and that a later worker should have too. */
export function lastingNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const isLasting = (name: string) => isForChild(name) && !OF_PLACE.test(name);
  return Object.keys(definedOnly(env, isLasting)).sort();
}

const BARE_PATH = '/usr/local/bin:/usr/bin:/bin';

function pathForChild(path = BARE_PATH, cliPath?: string): string {
  const isPassing = (folder: string) => PROVIDERS.some(({ passingFolder }) => passingFolder?.test(folder));
  const folders = path.split(delimiter).filter((folder) => !isPassing(folder));
  const own = cliPath === undefined ? [] : [dirname(cliPath)];
  return [...folders, ...own.filter((folder) => !folders.includes(folder))].join(delimiter);
}
