import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { openForAppend } from '../base/append-lines.ts';
import { SamocodeError } from '../base/errors.ts';
import { nodePath } from '../providers/node-path.ts';
import type { SessionPaths } from '../session/paths.ts';

class WorkerNotLaunchedError extends SamocodeError {
  readonly code = 'worker_not_launched';

  constructor(folder: string, cause: unknown) {
    super(
      `No worker was started for session ${folder}.`,
      'The operating system refused to start a process.',
      'Free memory or processes and try again; nothing of the session is lost.',
      { cause },
    );
  }
}

export interface LaunchOptions {
  /** The built worker file. */
  program: string;
  env: Readonly<Record<string, string | undefined>>;
  /** A lease that can't be judged from here and that a person wants to be taken all the same. */
  takeOver?: number;
}

/**
 * Starts a session's worker: a session of its own (setsid), stdio on files, so that no end of a client,
 * terminal or server reaches it. Two at once are harmless: the lease lets one go on.
 * @returns its pid
 * @throws NodeNotFoundError, WorkerNotLaunchedError
 */
export async function launchWorker(paths: SessionPaths, options: LaunchOptions): Promise<number | undefined> {
  const node = await nodePath(options.env);
  await mkdir(paths.runDir, { recursive: true });
  const errors = openForAppend(paths.workerErrors, 0o600);
  try {
    // An argument and no variable: children inherit the environment.
    const takeOver = options.takeOver === undefined ? [] : [String(options.takeOver)];
    const args = [options.program, paths.sessionsDir, paths.folder, ...takeOver];
    const worker = spawn(node, args, {
      // The root folder can't be removed under a process that lives for days.
      cwd: '/',
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', 'ignore', errors],
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('error', (error) => reject(new WorkerNotLaunchedError(paths.folder, error)));
      worker.once('spawn', resolve);
    });
    worker.unref();
    return worker.pid;
  } finally {
    closeSync(errors);
  }
}
