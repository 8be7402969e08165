import { randomUUID } from 'node:crypto';
import { delimiter, isAbsolute } from 'node:path';
import * as z from 'zod';
import { configFolder } from '../../kernel/config-folder.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { contains } from '../../kernel/files/contains.ts';
import { namesAt, realFolder } from '../../kernel/files/path-stats.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { saidBy } from '../../kernel/said.ts';
import type { SandboxOpenings } from '../../kernel/sandbox-level.ts';
import { shellQuoted } from '../../kernel/shell-quoted.ts';
import {
  findGuardTool,
  type Guard,
  type GuardTool,
  insideGuard,
  type Mount,
  makeGuard,
  readOnly,
} from '../guard/make-guard.ts';
import { withoutClosed } from './environment.ts';
import { nodePath } from './node-path.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of a new login shell of the user, or why it is unknown. */
export type LoginReading =
  /** `unguarded`: why its start-up files ran with the user's rights. */
  | { kind: 'read'; env: Record<string, string>; unguarded?: string }
  /** `isSlow`: it did not answer in time. */
  | { kind: 'unknown'; why: string; isSlow?: true };

/** Settings that can let agents write what start-up files run. */
export interface HomeSettings {
  sandbox: string;
  openings: Pick<SandboxOpenings, 'write'>;
}

/** Returns the reason why no login shell is read for a session with these settings; undefined if it may be. */
export function loginRefusal({ sandbox, openings }: HomeSettings, homeDir = '/'): string | undefined {
  if (sandbox === 'off') return 'SANDBOX is off, so agents can write what its start-up files run';
  const home = realFolder(homeDir) ?? homeDir;
  const open = openings.write.find((path) => contains(realFolder(path) ?? path, home));
  return open && `SANDBOX_WRITE opens ${open}, so agents can write what its start-up files run`;
}

/** Each flag a word: nushell and others refuse joined ones, and tcsh takes `-l` only alone. */
const FLAGS = [['-l', '-i', '-c'], ['-l', '-c'], ['-c']];

const Printed = z.record(z.string(), z.string());

/** For all attempts together; a shell that ignores SIGTERM has 3 s more. */
const LIMIT_MS = 5000;
/** Of a busy machine, where something would go wrong without what the shell gives. */
const PATIENT_LIMIT_MS = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Reads the environment of a new login shell, which starts from a bare login without our variables, so that
 * the result is the same everywhere. Values stay in memory. Tries an interactive shell first, because most
 * people set PATH there; then a plain one, in case start-up files start another program.
 * @param refusal what `loginRefusal` returned
 */
export async function readLoginEnvironment(
  env: Environment,
  homeDir: string,
  refusal?: string,
  limitMs = LIMIT_MS,
): Promise<LoginReading> {
  const shell = env.SHELL;
  if (!shell || !isAbsolute(shell)) return { kind: 'unknown', why: 'SHELL names no program' };
  if (refusal !== undefined) return { kind: 'unknown', why: refusal };
  const given = givenByLogin(env, homeDir);
  const key = JSON.stringify([shell, given, limitMs]);
  const read = () => readFrom(shell, env, { given, limitMs }).finally(() => underWay.delete(key));
  const reading = underWay.get(key) ?? read();
  underWay.set(key, reading);
  return await reading;
}

/** Shared by concurrent callers, such as the searches for a dozen CLIs: start-up files can take seconds. */
const underWay = new Map<string, Promise<LoginReading>>();

async function readFrom(
  shell: string,
  env: Environment,
  { given, limitMs }: { given: Record<string, string>; limitMs: number },
): Promise<LoginReading> {
  const signal = AbortSignal.timeout(limitMs);
  const wanted = loginGuard(env, given.HOME ?? '/');
  const isMissing = `bubblewrap (bwrap) ${wanted ? 'does not work' : 'is not'} here`;
  let said = '';
  let guard = wanted;
  for (let [at, isTried] = [0, false]; at < FLAGS.length; at += 1) {
    const flags = FLAGS[at] ?? [];
    const isGuarded = guard !== undefined;
    const mark = randomUUID();
    // Printed by Node, because env -0 is not available everywhere and values can contain any character.
    const print = `process.stdout.write("${mark}" + JSON.stringify(process.env) + "${mark}")`;
    const command = `${shellQuoted(await nodePath(env))} -e ${shellQuoted(print)}`;
    const options = { cwd: given.HOME, env: given, signal, maxBytes: MAX_BYTES, leavesBehind: isGuarded };
    // Start-up files can print before and after the marks.
    const line = [shell, ...flags, command] as const;
    const [file, ...args] = guard ? insideGuard(guard, line) : line;
    const { stdout, stderr } = await runCommand(file, args, options);
    const read = Printed.safeParse(parseJson(stdout.split(mark)[1] ?? ''));
    const unguarded = isGuarded ? {} : { unguarded: isMissing };
    if (read.success) return { kind: 'read', env: ofStartUpFiles(read.data, given), ...unguarded };
    // What printed has started. Without that, whether it does is asked, and the shell begins again in another guard.
    if (wanted && !isTried && !signal.aborted) {
      guard = await whichStarts(wanted, given, signal);
      isTried = true;
      if (guard !== wanted) at = -1;
    }
    if (signal.aborted)
      return { kind: 'unknown', why: `${shell} did not answer within ${limitMs / 1000} s`, isSlow: true };
    said = saidBy(stderr.trimEnd().split('\n').at(-1) ?? '') || said;
  }
  return { kind: 'unknown', why: `${shell} ended without an answer${said && `: ${said}`}` };
}

/** Not judged by the output of the shell: a start-up file could pretend that the guard failed. */
async function whichStarts(
  wanted: Guard,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<Guard | undefined> {
  // Many containers allow every namespace but that of a network: files stay guarded there.
  const sharesNetwork = { ...wanted, args: wanted.args.filter((arg) => arg !== '--unshare-net') };
  for (const guard of [wanted, sharesNetwork]) {
    const [file, ...args] = insideGuard(guard, ['/bin/sh', '-c', ':']);
    if ((await runCommand(file, args, { env, signal, leavesBehind: true })).exitCode === 0) return guard;
  }
  return undefined;
}

/**
 * The base environment of SETUP, CHECK and agents: the worker's, with the additions of a login shell if it
 * does not come from a terminal. Kept in memory only.
 */
export class ChildrenEnvironment {
  readonly started: Environment;
  /** The worker's environment until a login shell has been read. */
  now: Environment;
  isJoined = false;
  readonly #refusal: string | undefined;
  #reading: Promise<LoginReading> | undefined;

  /** @param refusal what `loginRefusal` returned */
  constructor(started: Environment, refusal?: string) {
    this.started = started;
    this.now = started;
    this.#refusal = refusal;
  }

  /** Starts reading in the background. @returns the promise that later calls share */
  read(limitMs?: number): Promise<LoginReading> {
    const { started } = this;
    const read = () => readLoginEnvironment(started, started.HOME ?? '/', this.#refusal, limitMs);
    this.#reading ??= read().catch((error: unknown) => {
      // No process could be created, so the next call tries again.
      this.#reading = undefined;
      throw error;
    });
    return this.#reading;
  }

  /** As `read`; a shell that did not answer in time is asked again, with more patience. */
  async readPatiently(): Promise<LoginReading> {
    const first = await this.read();
    if (first.kind === 'read' || !first.isSlow) return first;
    this.#reading = undefined;
    return await this.read(PATIENT_LIMIT_MS);
  }
}

/** Clients started from a terminal pass TERM on, whatever else they omit; desktops don't set it. */
export function isFromTerminal({ TERM }: Environment): boolean {
  return TERM !== undefined && TERM !== '' && TERM !== 'dumb';
}

/** Variables of `env` take precedence; a login shell adds the rest, and its PATH folders come first. */
export function withLogin(env: Environment, login: Readonly<Record<string, string>>): Environment {
  const folders = [login.PATH, env.PATH].flatMap((path) => path?.split(delimiter) ?? []);
  const path = folders.length > 0 && { PATH: [...new Set(folders)].join(delimiter) };
  return withoutClosed({ ...login, ...env, ...path });
}

/** The environment of SETUP, CHECK and agents for a worker started with `env`. */
export async function environmentOfSessions(
  env: Environment,
  homeDir: string,
  refusal?: string,
): Promise<Environment> {
  if (isFromTerminal(env)) return env;
  const login = await readLoginEnvironment(env, homeDir, refusal);
  return login.kind === 'read' ? withLogin(env, login.env) : env;
}

const GIVEN =
  /^(?:USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY)$/;
const GIVEN_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** Whether a login sets this variable before any start-up file of the user. */
export function isGivenByLogin(name: string): boolean {
  return GIVEN.test(name);
}

function givenByLogin(env: Environment, homeDir: string): Record<string, string> {
  return { ...definedOnly(env, isGivenByLogin), HOME: homeDir, PATH: GIVEN_PATH, TERM: 'dumb' };
}

/** Set by shells themselves. */
const SHELL_VARIABLES = new Set(['_', 'SHLVL', 'PWD', 'OLDPWD', 'TERM']);

function ofStartUpFiles(
  read: Record<string, string>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(read).filter(
      ([name, value]) => !SHELL_VARIABLES.has(name) && (name === 'PATH' || given[name] !== value),
    ),
  );
}

/** Made anew, or hidden for the sockets in them. */
const HIDDEN_FOLDERS = ['proc', 'dev', 'tmp', 'run'];
/** NixOS has its programs there. */
const SHOWN_IN_RUN = ['/run/current-system', '/run/booted-system', '/run/wrappers'];

/**
 * The guard in which a login shell is read: its start-up files run programs that others, or agents of earlier
 * versions, wrote into home. They can read, but neither write nor connect to anything, and samocode's own folder is
 * hidden.
 * @returns undefined without bubblewrap
 */
export function loginGuard(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
  tool: GuardTool | undefined = findGuardTool({ ...env, HOME: homeDir }),
): Guard | undefined {
  if (tool?.kind !== 'bwrap') return undefined;
  const home = realFolder(homeDir) ?? homeDir;
  const own = realFolder(configFolder(homeDir));
  const runtime = realFolder(env.XDG_RUNTIME_DIR);
  const shown = (namesAt('/') ?? [])
    .filter((name) => !HIDDEN_FOLDERS.includes(name))
    .map((name) => `/${name}`);
  const profile: Mount[] = [
    ...shown.map(readOnly),
    { kind: 'hidden', path: '/tmp' },
    { kind: 'hidden', path: '/run' },
    ...SHOWN_IN_RUN.map(readOnly),
    ...(runtime && !contains('/run', runtime) ? [{ kind: 'hidden' as const, path: runtime }] : []),
    ...(['/tmp', '/run'].some((folder) => contains(folder, home)) ? [readOnly(home)] : []),
    ...(own === undefined ? [] : [{ kind: 'empty' as const, path: own }]),
  ];
  const mounts = profile.map((mount) =>
    mount.kind === 'read_only' ? { ...mount, ifThere: true as const } : mount,
  );
  return makeGuard(tool, mounts, { isStrict: true });
}
