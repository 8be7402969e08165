import { failureOf } from '../project/project-command.ts';
import { whileTakingCommands } from './while-taking-commands.ts';
import type { Worker } from './worker.ts';

/** `stopped`: it was ended because a person wants the session to stop now. */
export type ProjectCommandEnd = { kind: 'passed' } | { kind: 'failed'; how: string } | { kind: 'stopped' };

/** Runs SETUP or a CHECK in the worktree, and takes the commands that come meanwhile: it may take half an hour. */
export async function runProjectCommand(
  worker: Worker,
  command: string,
  place: { cwd: string; env: Record<string, string> },
): Promise<ProjectCommandEnd> {
  const end = await whileTakingCommands(worker, async (signal) => {
    const how = await failureOf(command, { ...place, signal });
    if (how !== undefined) signal.throwIfAborted();
    return how;
  });
  if (end.kind === 'stopped') return end;
  return end.value === undefined ? { kind: 'passed' } : { kind: 'failed', how: end.value };
}
