import { randomUUID } from 'node:crypto';
import { delimiter, isAbsolute } from 'node:path';
import * as z from 'zod';
import { definedOnly } from '../../base/defined-only.ts';
import { parseJson } from '../../base/parse-json.ts';
import { runCommand } from '../../base/processes/run-command.ts';
import { shellQuoted } from '../../base/shell-quoted.ts';
import { nodePath } from './node-path.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a new login shell of the person has in its environment, or why that is not known. */
export type LoginReading = { kind: 'read'; env: Record<string, string> } | { kind: 'unknown'; why: string };

const Printed = z.record(z.string(), z.string());

/** For both tries; a shell that ignores a polite end has 3 s more until it is killed. */
const LIMIT_MS = 5000;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Reads the environment of a new login shell: it begins with what a login gives and nothing of ours, so that it is the
 * same wherever it is read. Values are for memory alone. Interactive first, because most people set PATH where only
 * interactive shells read it; plain where start-up files then start another program.
 */
export async function readLoginEnvironment(env: Environment, homeDir: string): Promise<LoginReading> {
  const shell = env.SHELL;
  if (!shell || !isAbsolute(shell)) return { kind: 'unknown', why: 'SHELL names no program' };
  const signal = AbortSignal.timeout(LIMIT_MS);
  const given = givenByLogin(env, homeDir);
  for (const flags of ['-ilc', '-lc']) {
    const mark = randomUUID();
    // By Node: env -0 is not on every system, and values may have any character.
    const print = `process.stdout.write("${mark}" + JSON.stringify(process.env) + "${mark}")`;
    const command = `${shellQuoted(await nodePath(env))} -e ${shellQuoted(print)}`;
    const options = { cwd: homeDir, env: given, signal, maxBytes: MAX_BYTES };
    // What start-up files print stands around the marks.
    const text = (await runCommand(shell, [flags, command], options)).stdout.split(mark)[1];
    const read = Printed.safeParse(parseJson(text ?? ''));
    if (read.success) return { kind: 'read', env: ofStartUpFiles(read.data, given) };
    if (signal.aborted)
      return { kind: 'unknown', why: `${shell} did not answer within ${LIMIT_MS / 1000} s` };
  }
  return { kind: 'unknown', why: `${shell} ended without an answer` };
}

/**
 * What SETUP, CHECK and agents start from: the environment that the worker was started with and, where no terminal
 * stands behind that, what a login shell adds. Its values are in memory alone.
 */
export class ChildrenEnvironment {
  readonly started: Environment;
  /** That of the worker itself until a login shell was read. */
  now: Environment;
  isJoined = false;
  #reading: Promise<LoginReading> | undefined;

  constructor(started: Environment) {
    this.started = started;
    this.now = started;
  }

  /** Begins to read beside other work. @returns what every later call waits for too */
  read(): Promise<LoginReading> {
    this.#reading ??= readLoginEnvironment(this.started, this.started.HOME ?? '/').catch((error: unknown) => {
      // The machine had no process left for it: the next call tries again.
      this.#reading = undefined;
      throw error;
    });
    return this.#reading;
  }
}

/** A client that a person started from a terminal passes TERM on, whatever else it leaves out; no desktop sets it. */
export function isFromTerminal({ TERM }: Environment): boolean {
  return TERM !== undefined && TERM !== '' && TERM !== 'dumb';
}

/** What `env` has was meant for us and counts; a login shell adds the rest, and its folders of PATH come first. */
export function withLogin(env: Environment, login: Readonly<Record<string, string>>): Environment {
  const folders = [login.PATH, env.PATH].flatMap((path) => path?.split(delimiter) ?? []);
  return { ...login, ...env, ...(folders.length > 0 && { PATH: [...new Set(folders)].join(delimiter) }) };
}

/** What SETUP, CHECK and agents get from a worker that is started with `env`. */
export async function environmentOfSessions(env: Environment, homeDir: string): Promise<Environment> {
  if (isFromTerminal(env)) return env;
  const login = await readLoginEnvironment(env, homeDir);
  return login.kind === 'read' ? withLogin(env, login.env) : env;
}

const GIVEN =
  /^(?:USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|XDG_\w+|DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY)$/;
const GIVEN_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** Whether a login sets a variable of this name before any start-up file of the person. */
export function isGivenByLogin(name: string): boolean {
  return GIVEN.test(name);
}

function givenByLogin(env: Environment, homeDir: string): Record<string, string> {
  return { ...definedOnly(env, isGivenByLogin), HOME: homeDir, PATH: GIVEN_PATH, TERM: 'dumb' };
}

/** What shells note for themselves. */
const OF_SHELL = new Set(['_', 'SHLVL', 'PWD', 'OLDPWD', 'TERM']);

function ofStartUpFiles(
  read: Record<string, string>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(read).filter(
      ([name, value]) => !OF_SHELL.has(name) && (name === 'PATH' || given[name] !== value),
    ),
  );
}
