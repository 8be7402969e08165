import { delimiter, dirname } from 'node:path';
import { allProviders } from '../../agents/registry.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { isClosed } from '../../kernel/files/path-stats.ts';
import { once } from '../../kernel/once.ts';
import { isSecretName } from '../../kernel/secrets.ts';
import { listed } from '../../kernel/text.ts';
import { gitSettings, isFineForGit } from '../../project/git/git-variables.ts';
import { type LedInto, ledEnvironment, namesInto } from '../../project/proving/checkout-variables.ts';
import { ITERATION_MARK, SESSION_MARK } from './marks.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface VariableFilter {
  /** Only `PLAIN` variables, instead of all but those that usually hold a secret. */
  isStrict: boolean;
  /** Further names; an asterisk at the end matches any rest. */
  env: readonly string[];
  /** The agent CLIs whose own variables it needs. */
  clis: readonly string[];
}

export interface ChildFacts {
  sessionUlid: string;
  iteration: number;
  /** Absolute; its folder is appended to PATH, where the node that a CLI's first line names often is. */
  cliPath?: string;
  /** Absent without a sandbox. Filtered here, because /proc would still show a variable that only the guard unsets. */
  filter?: VariableFilter;
  /** Where what the variables name in checkouts leads; absent for a child that runs in the main checkout. */
  led?: LedInto | undefined;
  /** Ports and variables of the session's application: they pass the filter of secrets, and replace what has their name. */
  own?: Readonly<Record<string, string>> | undefined;
}

/**
 * The environment of an agent: the worker's, without variables the parent client sets for *its* children, our
 * settings and secrets, git's and npm's pointers to other folders, and variables that the sandbox leaves out,
 * plus markers that identify the agent's processes. What lies in a checkout is led to that of the child; the rest is
 * passed unchanged.
 */
export function childEnvironment(
  env: Environment,
  { sessionUlid, iteration, cliPath, filter, led, own }: ChildFacts,
): Record<string, string> {
  const passes = passing(filter);
  const passed = definedOnly(withoutClosed(env), (name) => isForChild(name) && passes(name));
  const kept = led === undefined ? passed : definedOnly(ledOf(passed, led));
  return {
    ...kept,
    ...gitSettings(kept, GIT_SETTINGS),
    ...GIT_FOR_CHILDREN,
    ...own,
    PATH: pathForChild(kept.PATH, cliPath),
    [SESSION_MARK]: sessionUlid,
    [ITERATION_MARK]: String(iteration),
  };
}

/** What the CLIs keep for a person stays where it is: folders of state, and files of logins. */
const placesOfClis = once(
  () =>
    new Set(
      allProviders().flatMap(({ state, loginFiles }) => [
        ...[state?.variable, state?.homeVariable],
        ...(loginFiles?.services.flatMap(({ named = [] }) => named) ?? []),
      ]),
    ),
);

function ledOf(env: Environment, led: LedInto): Environment {
  return { ...ledEnvironment(env, led), ...definedOnly(env, (name) => placesOfClis().has(name)) };
}

/** A sentence for a person who starts a session; empty if no variable names anything in these checkouts. */
export function ledText(env: Environment, checkouts: readonly string[]): string {
  const isSaid = (name: string) => name !== 'HOME' && !placesOfClis().has(name);
  const names = namesInto(
    definedOnly(env, (name) => isSaid(name) && isLasting(name)),
    checkouts,
  ).sort();
  if (names.length === 0) return '';
  return `${listed(names, MAX_LEFT_OUT)} of your environment ${names.length === 1 ? 'names' : 'name'} your checkout: in a session this leads to its worktree, and in a proof to the clone; what is not there is left out, and folders of PATH come last.`;
}

/** They have meanings and checks of their own. */
const OTHERWISE_JUDGED = new Set(['HOME', 'PATH', 'PWD', 'OLDPWD', '_']);

/** Variables that name a path which is closed to this user, as `su` and `sudo -u` pass those of another user on. */
function closedVariables(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value = '']) =>
    /^\/[^:]*$/.test(value) && !OTHERWISE_JUDGED.has(name) && isClosed(value) ? [name] : [],
  );
}

/** The environment without these: a tool then takes its usual path, instead of failing at one that it may not enter. */
export function withoutClosed(env: Environment): Environment {
  const closed = new Set(closedVariables(env));
  return closed.size === 0 ? env : definedOnly(env, (name) => !closed.has(name));
}

/** A sentence for a person who starts a session; empty if no variable is affected. */
export function closedText(env: Environment): string {
  const closed = closedVariables(env);
  if (closed.length === 0) return '';
  const named = closed.map((name) => `${name} (${env[name]})`);
  return `Your user may not read what these variables name, so SETUP, CHECK and agents run without them: ${listed(named, MAX_LEFT_OUT)}. To end this warning, unset them, or log in with "su -".`;
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
export function unsignedGit(env: Environment): Record<string, string> {
  const unsigned = [['commit.gpgSign', 'false'] as const, ['tag.gpgSign', 'false'] as const];
  return gitSettings(definedOnly(env, isForChild), [...GIT_SETTINGS, ...unsigned]);
}

/** Variables that agent CLIs set for their children, about another session. Several agents set `AI_AGENT`. */
const parentClient = once(
  () => new Set(['AI_AGENT', ...allProviders().flatMap(({ leftovers = [] }) => leftovers)]),
);

/** Variables `npx` sets for its program; npm inside an agent would mistake our folder for its own. */
const NPX_VARIABLES =
  /^(?:npm_(?:package_|lifecycle_|command$|execpath$|node_execpath$|config_local_prefix$)|INIT_CWD$)/;

/** Our variables, except those that the rehearsal agent needs. */
const OUR_VARIABLES = /^(?:SAMOCODE_(?!REHEARSAL_)|REHEARSAL_)/;

/** Whether this is a notification setting, possibly a secret. NOTIFY_SOCKET is systemd's. */
export function isNotifyVariable(name: string): boolean {
  return /^(?:NOTIFY_(?!SOCKET$)|TELEGRAM_)/.test(name);
}

/** The variables that a strict sandbox lets in: no secrets except those of agent CLIs. */
const PLAIN =
  /^(?:HOME|PATH|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|USER|LOGNAME|SHELL|CI|JAVA_HOME|(?:SAMOCODE_)?REHEARSAL_\w+|GIT_(?:AUTHOR|COMMITTER)_\w+|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|HUSKY|LEFTHOOK)$/;

/** Logins of clouds, a database's address with its password, and programs that know the user's password. */
const LOGIN_NAME =
  /^(?:(?:AWS|AZURE|ARM|GOOGLE|GCLOUD|GCP|CLOUDSDK|DIGITALOCEAN|HCLOUD|LINODE|SCW|VULTR|OCI|ALICLOUD|ALIBABA_CLOUD|IBMCLOUD|CLOUDFLARE|HEROKU)_\w*|DATABASE_URL|(?:GIT|SSH)_ASKPASS)$/;

function isSecret(name: string): boolean {
  return LOGIN_NAME.test(name) || isSecretName(name);
}

function passing(filter: VariableFilter | undefined): (name: string) => boolean {
  if (filter === undefined) return () => true;
  const { isStrict, env, clis } = filter;
  const own = allProviders().filter(({ name }) => clis.includes(name));
  const isNamed = (name: string) =>
    env.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
  const isOwned = (name: string) =>
    own.some(({ variables, credentials }) => variables?.test(name) || credentials.includes(name));
  return (name) => isNamed(name) || isOwned(name) || (isStrict ? PLAIN.test(name) : !isSecret(name));
}

const MAX_LEFT_OUT = 12;

/** Names of the set variables that the sandbox leaves out, those of secrets first. */
export function leftOutNames(env: Environment, filter: VariableFilter | undefined): string[] {
  const passes = passing(filter);
  const names = lastingNames(env).filter((name) => env[name] !== '' && !passes(name));
  return [...names.filter(isSecret), ...names.filter((name) => !isSecret(name))];
}

/** A sentence for the report of a failed command, which may lack a variable that was left out; empty if none was. */
export function leftOutOf(env: Environment, filter: VariableFilter | undefined): string {
  const names = leftOutNames(env, filter);
  if (names.length === 0) return '';
  return `Left out of the environment: ${listed(names, MAX_LEFT_OUT)} (SANDBOX_ENV names what passes).`;
}

/** A program that knows the user's password: our calls don't need it, but an agent might have to push. */
const GIT_FOR_PUSHING = 'GIT_ASKPASS';

function isForChild(name: string): boolean {
  if (!isFineForGit(name)) return name === GIT_FOR_PUSHING;
  return (
    !parentClient().has(name) &&
    !NPX_VARIABLES.test(name) &&
    !OUR_VARIABLES.test(name) &&
    !isNotifyVariable(name)
  );
}

/** Set by shells, terminals, logins and desktops: they describe where a program was started. */
const PLACE_VARIABLES =
  /^(?:_|SHLVL|PWD|OLDPWD|TERM|COLUMNS|LINES|LS_COLORS|WINDOWID|STY|DISPLAY|INVOCATION_ID|JOURNAL_STREAM|(?:COLORTERM|TERM|TMUX|SSH|WAYLAND|XDG|DBUS|VSCODE|VTE|GNOME|KDE|ITERM|GHOSTTY|KITTY|ALACRITTY|WEZTERM|KONSOLE|DESKTOP|WT)(?:_\w+)?)$/;

function isLasting(name: string): boolean {
  return isForChild(name) && !PLACE_VARIABLES.test(name);
}

/** Names of the variables that agents get and that a later worker should have too. */
export function lastingNames(env: Environment): string[] {
  return Object.keys(definedOnly(env, isLasting)).sort();
}

const BARE_PATH = '/usr/local/bin:/usr/bin:/bin';

function pathForChild(path = BARE_PATH, cliPath?: string): string {
  const isPassing = (folder: string) =>
    allProviders().some(({ passingFolder }) => passingFolder?.test(folder));
  const folders = path.split(delimiter).filter((folder) => !isPassing(folder));
  const own = cliPath === undefined ? [] : [dirname(cliPath)];
  return [...folders, ...own.filter((folder) => !folders.includes(folder))].join(delimiter);
}
