import { type CommandFailure, failureOf } from '../../project/finding/project-command.ts';
import { type Guard, insideOf } from '../../providers/starting/make-guard.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import type { Worker } from '../core/worker.ts';

/** `stopped`: it was ended because a person wants the session to stop now. */
export type ProjectCommandEnd =
  | { kind: 'passed' }
  | ({ kind: 'failed' } & CommandFailure)
  | { kind: 'stopped' };

/** Runs SETUP or a CHECK in the worktree, and takes the commands that come meanwhile: it may take half an hour. */
export async function runProjectCommand(
  worker: Worker,
  command: string,
  place: { cwd: string; env: Record<string, string>; guard: Guard | undefined },
): Promise<ProjectCommandEnd> {
  const { guard, ...options } = place;
  const end = await whileTakingCommands(worker, async (signal) => {
    const failure = await failureOf(command, { ...options, ...insideOf(guard, options.env), signal });
    if (failure !== undefined) signal.throwIfAborted();
    return failure;
  });
  if (end.kind === 'stopped') return end;
  return end.value === undefined ? { kind: 'passed' } : { kind: 'failed', ...end.value };
}
