import { constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { mayAccess, realFolder, statsAt } from '../../kernel/files/path-stats.ts';
import { type CommandResult, runCommand } from '../../kernel/processes/run-command.ts';
import { withoutSecrets } from '../../kernel/said.ts';
import { visibleControls } from '../../kernel/text.ts';
import { withoutMissing } from './checkout-variables.ts';

export const SETUP_LIMIT_MS = 30 * 60_000;

export interface ProjectCommandOptions {
  cwd: string;
  env: Record<string, string>;
  signal?: AbortSignal;
  /** Wraps the command line in a guard; absent: it runs directly. */
  inside?: ((command: readonly string[]) => [string, ...string[]]) | undefined;
  timeoutMs?: number;
  /** See `CommandOptions`. */
  isInputOpen?: boolean;
  output?: ((chunk: Uint8Array) => void) | undefined;
  /** Called as soon as it has a process id. */
  started?: (pid: number) => void;
}

export interface CommandFailure {
  how: string;
  /** The last lines that it printed, escaped for people and without secrets; empty if it printed nothing. */
  lastLines: string;
  /** The program that the shell could not start, unless it is a file of the repository. */
  missing?: string;
  /** The guard's message, if it failed and the command never ran. */
  guardProblem?: string;
}

export interface CommandEnd {
  /** Null if a signal ended it. */
  exitCode: number | null;
  lastLines: string;
  /** Undefined when it exited with 0. */
  failure?: CommandFailure;
}

export async function runProjectShell(
  command: string,
  {
    cwd,
    env,
    signal,
    inside,
    timeoutMs = SETUP_LIMIT_MS,
    output,
    started,
    isInputOpen,
  }: ProjectCommandOptions,
): Promise<CommandEnd> {
  let errors = '';
  const end = new OutputEnd(env);
  const options = {
    cwd,
    env: withoutMissing(env, cwd),
    timeoutMs,
    isInputOpen,
    leavesBehind: inside !== undefined,
    signal,
    started,
    output: (chunk: Uint8Array, of: 'stdout' | 'stderr') => {
      if (of === 'stderr') errors = `${errors}${Buffer.from(chunk).toString('utf8')}`.slice(-MAX_ERRORS);
      end.add(chunk);
      output?.(chunk);
    },
  };
  const shell = ['/bin/sh', '-c', command, SHELL_NAME] as const;
  const [file, ...args] = inside?.(shell) ?? shell;
  const result = await runCommand(file, args, options);
  const { lastLines } = end;
  const failure = failed({ ...result, stderr: errors, file, cwd, inside });
  return { exitCode: result.exitCode, lastLines, failure: failure && { ...failure, lastLines } };
}

/** Enough for messages of the shell and the guard. */
const MAX_ERRORS = 64 * 1024;

function failed({
  exitCode,
  stderr,
  timedOut,
  notFound,
  file,
  cwd,
  inside,
}: CommandResult & Pick<ProjectCommandOptions, 'cwd' | 'inside'> & { file: string }):
  | Omit<CommandFailure, 'lastLines'>
  | undefined {
  if (exitCode === 0) return undefined;
  if (timedOut) return { how: 'ran out of time' };
  // If the folder is gone too, the command would fail without a guard as well.
  const isGone = notFound && statsAt(cwd) !== undefined;
  const message = isGone ? `${file} could not be started` : GUARD_FAILED.exec(stderr)?.[1];
  const guardProblem = inside !== undefined && (isGone || exitCode === 1) ? message : undefined;
  if (guardProblem !== undefined) return { how: 'it could not be run in the guard', guardProblem };
  const missing = exitCode === 126 || exitCode === 127 ? refusedProgram(stderr) : undefined;
  if (exitCode === null && !notFound) return { how: 'ended by a signal' };
  return { how: `exit status ${exitCode ?? 'none'}`, missing };
}

const QUOTED_LINES = 40;
const QUOTED_LINE = 200;
const QUOTED = 3500;
const MAX_LINES = QUOTED_LINES * 1024;

/** Collects the last lines of an output. */
export class OutputEnd {
  readonly #env: Readonly<Record<string, string>>;
  #bytes = Buffer.alloc(0);
  #isCut = false;

  /** @param env of the command, whose secrets are not quoted */
  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  add(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#bytes, chunk]);
    this.#isCut ||= bytes.length > MAX_LINES;
    this.#bytes = bytes.subarray(-MAX_LINES);
  }

  get lastLines(): string {
    // Of a character that was cut, the other bytes are left.
    const printed = this.#bytes.toString('utf8').replace(/^\ufffd+/, '');
    let lines = withoutSecrets(printed, this.#env)
      .trimEnd()
      .split(/\r?\n|\r/);
    // Of the first line, the beginning of a token may be missing.
    if (this.#isCut)
      lines = lines.length > 1 ? lines.slice(1) : lines.map((line) => line.slice(-QUOTED_LINE));
    const cut = lines.slice(-QUOTED_LINES).map((line) => visibleControls(line.slice(0, QUOTED_LINE)));
    let text = '';
    for (const line of cut.toReversed()) {
      if (text.length + line.length > QUOTED) break;
      text = `${line}\n${text}`;
    }
    return text.trimEnd();
  }
}

/** The name of our shell in its messages: a nested shell has another one. */
const SHELL_NAME = 'samocode';
/** The entire stderr of a guard that failed. */
const GUARD_FAILED = /^bwrap: (.+)\n*$/;
/** Message of dash, bash and busybox: `samocode: 1: tool: not found`. */
const REFUSED = /^samocode: (?:(?:line )?\d+: )?(.+): [^:]+$/gm;

function refusedProgram(stderr: string): string | undefined {
  const program = [...stderr.matchAll(REFUSED)].at(-1)?.[1];
  return program === undefined || isOfRepository(program) ? undefined : program;
}

/** A path inside the repository may come from SETUP or a branch, and an agent may have deleted it. */
export function isOfRepository(program: string): boolean {
  return program.includes('/') && !isAbsolute(program);
}

/** A simple start of a command: variables except PATH, then a word without expansions. */
const PLAIN_PROGRAM = /^\s*(?:(?!PATH=)[A-Za-z_]\w*=[\w.,:/+@%-]*\s+)*([\w./+-]+)(?=[\s;&|<>]|$)/;
/** With these operators, later parts determine the exit status: `mytool || true`. */
const SHELL_OPERATORS = /[;|&\n]/;
const IS_FOUND = 'case $1 in /*) [ -f "$1" ] && [ -x "$1" ];; *) command -v "$1" >/dev/null;; esac';

/**
 * Checks that a command's first program exists, without running it.
 * @returns the program if the shell would not find it; undefined also for commands that start in another way
 */
export async function missingProgram(
  command: string,
  { cwd, env }: Pick<ProjectCommandOptions, 'cwd' | 'env'>,
): Promise<string | undefined> {
  if (SHELL_OPERATORS.test(command.replaceAll('&&', ''))) return undefined;
  const program = PLAIN_PROGRAM.exec(command)?.[1];
  if (program === undefined || isOnPath(program, env)) return undefined;
  // The shell has built-in commands, and looks in relative folders.
  const { exitCode } = await runCommand('/bin/sh', ['-c', IS_FOUND, 'sh', program], { cwd, env });
  // Null: the folder is gone, which another error reports.
  return exitCode === 0 || exitCode === null ? undefined : program;
}

function isOnPath(program: string, { PATH = '' }: ProjectCommandOptions['env']): boolean {
  const folders = program.includes('/') ? [] : PATH.split(delimiter).filter(isAbsolute);
  const paths = folders.map((folder) => join(folder, program));
  return paths.some((path) => mayAccess(path, constants.X_OK) && statsAt(realFolder(path) ?? path)?.isFile());
}

/** Checks a command's syntax without running it. */
export async function isParsable(
  command: string,
  { cwd, env }: Pick<ProjectCommandOptions, 'cwd' | 'env'>,
): Promise<boolean> {
  return (await runCommand('/bin/sh', ['-n', '-c', command], { cwd, env })).exitCode === 0;
}

export function programNotFound(program: string, of: 'the check' | 'SETUP', command: string): string {
  const why = program === 'source' ? ' It is a word of bash; commands run in /bin/sh, where it is ".".' : '';
  return `The shell cannot find "${program}", used by ${of} \`${command}\`.${why}`;
}
