import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import * as z from 'zod';
import { openForAppend } from '../../base/files/append-lines.ts';
import { PROVIDER_ERRORS } from '../contract/provider-errors.ts';
import { nodePath } from './node-path.ts';

/** Where a session is, as far as its worker's start needs to know. */
export interface WorkerPlace {
  sessionsDir: string;
  folder: string;
  runDir: string;
  /** Takes what the worker writes to its standard error. */
  workerErrors: string;
}

/** Why a worker is started, where its session cannot say: what its starter has watched for it. */
export const Wake = z.strictObject({
  /** The number of a lease that can't be judged from here and that a person wants to be taken all the same. */
  takeOver: z.int().positive().optional(),
  /** The fingerprint of a `_qa.md` with all answers that has rested long enough. */
  rested: z.string().optional(),
  /** The end of a limit that is over, as the session names it: milliseconds since the epoch. */
  limitOver: z.number().optional(),
  /** It is its turn in the queue. */
  admitted: z.boolean().optional(),
});
export type Wake = z.infer<typeof Wake>;

/** In place of a session's folder: the worker program then only clears up after whoever started it. */
export const CLEAR_AFTER = '--clear-after';

export interface LaunchOptions {
  /** The built worker file. */
  program: string;
  env: Readonly<Record<string, string | undefined>>;
  wake?: Wake;
}

/**
 * Starts a session's worker: a session of its own (setsid), stdio on files, so that no end of a client,
 * terminal or server reaches it. Two at once are harmless: the lease lets one go on.
 * @returns its pid
 * @throws node_not_found, worker_not_launched
 */
export async function launchWorker(paths: WorkerPlace, options: LaunchOptions): Promise<number | undefined> {
  const node = await nodePath(options.env);
  await mkdir(paths.runDir, { recursive: true });
  // An argument and no variable: children inherit the environment.
  const wake = options.wake === undefined ? [] : [JSON.stringify(options.wake)];
  const args = [options.program, paths.sessionsDir, paths.folder, ...wake];
  const failure = (cause: unknown) =>
    PROVIDER_ERRORS.worker_not_launched({ folder: paths.folder }, { cause });
  return await spawnDetached(node, args, { env: options.env, errors: paths.workerErrors, failure });
}

/** Starts a program that outlives us. @param options.errors takes its standard error @returns its pid */
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
    // The root folder can't be removed under a process that lives for days.
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

/** Starts a program that clears up when this process is over, however it ends, or earlier when it is asked to. */
export async function launchHeir(
  program: string,
  env: LaunchOptions['env'],
  [mark, ...folders]: readonly [mark: string, ...folders: string[]],
): Promise<{ clears(): Promise<void> }> {
  // In a session of its own: with Ctrl-C the terminal would end it too.
  const heir = spawn(await nodePath(env), [program, CLEAR_AFTER, mark, ...folders], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(heir, 'spawn');
  const ended = once(heir, 'exit');
  return {
    async clears() {
      heir.stdin.end();
      await ended;
    },
  };
}
