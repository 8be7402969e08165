import { readdir } from 'node:fs/promises';
import { ifExists } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { plainText } from '../../base/files/plain-file.ts';
import {
  type CommandFailure,
  failureOf,
  isOfRepository,
  missingProgram,
} from '../../project/finding/project-command.ts';
import type { Worktree } from '../../project/worktrees/worktree.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { insideOf } from '../../providers/starting/make-guard.ts';
import { type MeanwhileEnd, whileTakingCommands } from '../commands/while-taking-commands.ts';
import { endChildTree } from '../core/tree.ts';
import { checksOf, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';

export type SetupEnd = { kind: 'done'; warnings: string[] } | { kind: 'stopped' };

const DUE = 'due';
const RAN = 'ran';
const MAX_BYTES = 8 * 1024;

/**
 * Notes that the worktree is about to be made by us, before it is: a worker that dies between its making and the end
 * of SETUP is followed by one that finds it standing there.
 */
export async function noteSetupDue(worker: Worker, worktreePath: string): Promise<void> {
  if (worker.file.settings.setup === undefined) return;
  const standing = await ifExists(readdir(worktreePath));
  if (standing === undefined || standing.length === 0) await writeWhole(worker.paths.setup, `${DUE}\n`);
}

/** Runs SETUP once in a worktree that we made, over however many workers. @returns what the first child is told */
export async function setUpOnce(worker: Worker, worktree: Worktree): Promise<SetupEnd> {
  const { setup } = worker.file.settings;
  if (setup === undefined) return { kind: 'done', warnings: [] };
  const note = await plainText(worker.paths.setup, MAX_BYTES);
  const [state, ...earlier] = note?.trimEnd().split('\n') ?? [];
  const isDue = worktree.kind !== 'kept' || state === DUE;
  if (!isDue) return { kind: 'done', warnings: earlier };
  const end = await runSetup(worker, setup, worktree);
  if (end.kind === 'stopped') {
    await endChildTree(worker, undefined, { leftoversOnly: true });
    return end;
  }
  const failure = end.value;
  // Still due: it runs again when the session is resumed.
  if (failure?.missing !== undefined)
    throw WORKER_ERRORS.setup_not_found({ program: failure.missing, setup });
  if (failure?.guardProblem !== undefined)
    throw WORKER_ERRORS.guard_failed({ of: 'SETUP', said: failure.guardProblem });
  const warnings =
    failure === undefined
      ? []
      : [`SETUP (\`${setup}\`) failed (${failure.how}); the first agent is asked to fix it.`];
  await writeWhole(worker.paths.setup, [RAN, ...warnings, ''].join('\n'));
  return { kind: 'done', warnings };
}

/** Takes the commands that come meanwhile: it may run for half an hour. */
async function runSetup(
  worker: Worker,
  setup: string,
  worktree: Worktree,
): Promise<MeanwhileEnd<CommandFailure | undefined>> {
  const env = environmentOf(worker);
  // No agent has written there yet: it is what the person's own checkout would run, installers of hooks among it.
  const isAsPersonLeftIt = worktree.head === worktree.baseCommit;
  const guard = isAsPersonLeftIt ? undefined : await worker.guard.guard(worker, worktree);
  return await whileTakingCommands(worker, async (signal) => {
    const failure = await failureOf(setup, { cwd: worktree.path, env, ...insideOf(guard, env), signal });
    if (failure !== undefined) signal.throwIfAborted();
    return failure;
  });
}

function environmentOf(worker: Worker): Record<string, string> {
  return childEnvironment(worker.env, { sessionUlid: worker.file.id, iteration: 0 });
}

/**
 * Looks the program of each check up before any agent is paid, once SETUP may have installed it.
 * @throws checks
 */
export async function requireCheckPrograms(worker: Worker, cwd: string): Promise<void> {
  const env = environmentOf(worker);
  for (const check of checksOf(worker)) {
    const program = await missingProgram(check, { cwd, env });
    if (program !== undefined && !isOfRepository(program)) throw WORKER_ERRORS.checks({ program, check });
  }
}
