import { delimiter, dirname } from 'node:path';
import { definedOnly } from '../../base/defined-only.ts';
import { isFineForGit } from '../../base/processes/git-variables.ts';
import { PROVIDERS } from '../registry.ts';

/** Names the session (its ULID) in the environment of every process of a child. */
export const SESSION_MARK = 'SAMOCODE_SESSION';
/** Names the iteration, a number from 1, beside `SESSION_MARK`. */
export const ITERATION_MARK = 'SAMOCODE_ITERATION';

export interface ChildFacts {
  sessionUlid: string;
  iteration: number;
  /** Absolute; its folder is put last on PATH, where the node that a CLI's first line asks for often lies. */
  cliPath?: string;
}

/**
 * The environment of a child: the worker's own, without what the parent client left for *its* children,
 * without our settings and secrets, without git's and npm's pointers into other folders, and with the
 * marks by which the child's processes are found again. Logins, proxies and the rest pass unchanged.
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { sessionUlid, iteration, cliPath }: ChildFacts,
): Record<string, string> {
  const kept = definedOnly(env, isForChild);
  return {
    ...kept,
    ...GIT_FOR_CHILDREN,
    PATH: pathForChild(kept.PATH, cliPath),
    [SESSION_MARK]: sessionUlid,
    [ITERATION_MARK]: String(iteration),
  };
}

/**
 * git clean-ups would go on after the child has ended and hold the repository's lock; nobody sits there
 * to type a password or to close an editor.
 */
const GIT_FOR_CHILDREN = {
  GIT_CONFIG_COUNT: '3',
  GIT_CONFIG_KEY_0: 'gc.auto',
  GIT_CONFIG_VALUE_0: '0',
  GIT_CONFIG_KEY_1: 'maintenance.auto',
  GIT_CONFIG_VALUE_1: 'false',
  // What the remote has dropped can't be dropped in the guard, and the whole fetch would fail of it.
  GIT_CONFIG_KEY_2: 'fetch.prune',
  GIT_CONFIG_VALUE_2: 'false',
  GIT_TERMINAL_PROMPT: '0',
  GIT_EDITOR: 'true',
};

/** What agent CLIs leave to the processes they start: it speaks of another session. `AI_AGENT` is several agents'. */
const PARENT_CLIENT = new Set(['AI_AGENT', ...PROVIDERS.flatMap(({ leftovers = [] }) => leftovers)]);

/** What `npx` tells the program that it starts; an npm inside the child would take our folder for its own. */
const OF_NPX =
  /^(?:npm_(?:package_|lifecycle_|command$|execpath$|node_execpath$|config_local_prefix$)|INIT_CWD$)/;

/** The rehearsal's own pace is for it. */
const OURS = /^(?:SAMOCODE_(?!REHEARSAL_)|REHEARSAL_)/;

/** A setting of notifications, which may be a secret. NOTIFY_SOCKET is systemd's. */
export function isNotifyVariable(name: string): boolean {
  return /^(?:NOTIFY_(?!SOCKET$)|TELEGRAM_)/.test(name);
}

/** A program of the person's that knows a password: our own calls do without, a child may have to push. */
const GIT_FOR_PUSHING = 'GIT_ASKPASS';

function isForChild(name: string): boolean {
  if (!isFineForGit(name)) return name === GIT_FOR_PUSHING;
  return !PARENT_CLIENT.has(name) && !OF_NPX.test(name) && !OURS.test(name) && !isNotifyVariable(name);
}

const BARE_PATH = '/usr/local/bin:/usr/bin:/bin';

function pathForChild(path = BARE_PATH, cliPath?: string): string {
  const isPassing = (folder: string) => PROVIDERS.some(({ passingFolder }) => passingFolder?.test(folder));
  const folders = path.split(delimiter).filter((folder) => !isPassing(folder));
  const own = cliPath === undefined ? [] : [dirname(cliPath)];
  return [...folders, ...own.filter((folder) => !folders.includes(folder))].join(delimiter);
}
