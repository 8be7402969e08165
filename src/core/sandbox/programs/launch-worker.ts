import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import * as z from 'zod';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { noteProgram } from '../../kernel/effects.ts';
import { openForAppend } from '../../kernel/files/append-lines.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { plainJson } from '../../kernel/files/plain-file.ts';
import { isGuarded, SANDBOX_LEVELS } from '../../kernel/sandbox-level.ts';
import { CODE_CACHE } from './code-cache.ts';
import { nodePath } from './node-path.ts';

/** The paths of a session that are needed to start its worker. */
export interface WorkerPlace {
  sessionsDir: string;
  folder: string;
  runDir: string;
  sessionFile: string;
  workerErrors: string;
}

/** The reason for starting a worker, if not evident from its session. Another version may record more. */
export const LaunchReason = z.object({
  /** The number of a lease whose owner can't be checked from here and that a person wants to take over. */
  takeOver: z.int().positive().optional(),
  /** The fingerprint of a fully answered `_qa.md` that has not changed for long enough. */
  rested: z.string().optional(),
  /** The end of a past limit, as the session records it, in milliseconds since the epoch. */
  limitOver: z.number().optional(),
  /** The print of the guard's program, which the starter of a new session has just tested with the session's places. */
  testedGuard: z.string().optional(),
});
export type LaunchReason = z.infer<typeof LaunchReason>;

/** Passed instead of a session folder: the worker program then only cleans up after its starter. */
export const CLEAR_AFTER = '--clear-after';

export interface LaunchOptions {
  program: string;
  env: Readonly<Record<string, string | undefined>>;
  wake?: LaunchReason;
}

/**
 * Starts a session's worker in its own process session (setsid) with stdio on files, so that it survives clients,
 * terminals and servers. Two at once are harmless: only one gets the lease.
 * @returns its pid
 */
export async function launchWorker(paths: WorkerPlace, options: LaunchOptions): Promise<number | undefined> {
  const node = await nodePath(options.env);
  makeFolder(paths.runDir, 0o700);
  // An argument, not a variable: agents inherit the environment.
  const wake = options.wake === undefined ? [] : [JSON.stringify(options.wake)];
  const args = [options.program, paths.sessionsDir, paths.folder, ...wake];
  const failure = (cause: unknown) =>
    PROVIDER_ERRORS.worker_not_launched({ folder: paths.folder }, { cause });
  const start = await plainJson(paths.sessionFile, Guarding).catch(() => undefined);
  const hasGuard = start !== undefined && isGuarded(start.sandbox);
  const env = { ...options.env, ...(!hasGuard && { [CODE_CACHE]: 'off' }) };
  return await spawnDetached(node, args, { env, errors: paths.workerErrors, failure });
}

/** What `session.json` says of the guard. */
const Guarding = z.object({ sandbox: z.enum(SANDBOX_LEVELS) });

/** Starts a program that outlives us. @param options.errors receives its stderr @returns its pid */
export async function spawnDetached(
  file: string,
  args: readonly string[],
  {
    env,
    errors,
    failure,
  }: { env: LaunchOptions['env']; errors: string; failure?: (cause: unknown) => Error },
): Promise<number | undefined> {
  const stderr = openForAppend(errors, 0o600);
  try {
    const stdio: StdioOptions = ['ignore', 'ignore', stderr];
    noteProgram(file, args);
    // Any other working folder could be deleted while the process runs for days.
    const program = spawn(file, args, { cwd: '/', env: { ...env }, detached: true, stdio });
    await new Promise<void>((resolve, reject) => {
      program.once('error', (error) => reject(failure?.(error) ?? error));
      program.once('spawn', resolve);
    });
    program.unref();
    return program.pid;
  } finally {
    closeSync(stderr);
  }
}

/** Starts a program that cleans up when this process ends for any reason, or earlier on request. */
export async function launchCleaner(
  program: string,
  env: LaunchOptions['env'],
  [mark, ...folders]: readonly [mark: string, ...folders: string[]],
): Promise<{ clears(): Promise<void> }> {
  // In its own process session: otherwise Ctrl-C would end it too.
  const cleaner = spawn(await nodePath(env), [program, CLEAR_AFTER, mark, ...folders], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(cleaner, 'spawn');
  const ended = once(cleaner, 'exit');
  return {
    async clears() {
      cleaner.stdin.end();
      await ended;
    },
  };
}
