import { failureOf } from '../project/project-command.ts';
import { ifTaken } from './passing-errors.ts';
import { isStopDue } from './stopped.ts';
import { takeCommandsMeanwhile } from './take-commands-meanwhile.ts';
import type { Worker } from './worker.ts';

const POLL_MS = 200;

/** `stopped`: it was ended because a person wants the session to stop now. */
export type ProjectCommandEnd = { kind: 'passed' } | { kind: 'failed'; how: string } | { kind: 'stopped' };

/** Runs SETUP or a CHECK in the worktree, and meets the commands that come meanwhile: it may take half an hour. */
export async function runProjectCommand(
  worker: Worker,
  command: string,
  place: { cwd: string; env: Record<string, string> },
): Promise<ProjectCommandEnd> {
  if (isStopDue(worker)) return { kind: 'stopped' };
  const stop = new AbortController();
  let isOver = false;
  const ended = failureOf(command, { ...place, signal: stop.signal }).finally(() => {
    isOver = true;
  });
  // Listened to from the beginning: it may fail while commands are met.
  const over = ended.then(
    () => undefined,
    () => undefined,
  );
  try {
    while (!isOver && !stop.signal.aborted) {
      await ifTaken(takeCommandsMeanwhile(worker));
      if (isStopDue(worker)) stop.abort();
      else await Promise.race([over, worker.clock.sleep(POLL_MS)]);
    }
  } catch (error) {
    stop.abort();
    await over;
    throw error;
  }
  const how = await ended;
  if (how === undefined) return { kind: 'passed' };
  return stop.signal.aborted ? { kind: 'stopped' } : { kind: 'failed', how };
}
