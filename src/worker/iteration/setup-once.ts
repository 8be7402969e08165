import { readdir } from 'node:fs/promises';
import { ifExists } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { plainText } from '../../base/files/plain-file.ts';
import type { Worktree } from '../../project/worktrees/worktree.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { endChildTree } from '../core/tree.ts';
import type { Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { runProjectCommand } from '../proving/run-project-command.ts';

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
  const { path, kind } = worktree;
  const { setup } = worker.file.settings;
  if (setup === undefined) return { kind: 'done', warnings: [] };
  const [state, ...earlier] = (await noteOf(worker)) ?? [];
  const isDue = kind !== 'kept' || state === DUE;
  if (!isDue) return { kind: 'done', warnings: earlier };
  const env = childEnvironment(worker.env, { sessionUlid: worker.file.id, iteration: 0 });
  // No agent has written there yet: it is what the person's own checkout would run, installers of hooks among it.
  const isAsPersonLeftIt = worktree.head === worktree.baseCommit;
  const guard = isAsPersonLeftIt ? undefined : await worker.guard.guard(worker, worktree);
  const end = await runProjectCommand(worker, setup, { cwd: path, env, guard });
  if (end.kind === 'stopped') {
    await endChildTree(worker, undefined, { leftoversOnly: true });
    return end;
  }
  // Still due: it runs again when the session is resumed.
  if (end.kind === 'failed' && end.missing !== undefined)
    throw WORKER_ERRORS.setup_not_found({ program: end.missing, setup });
  if (end.kind === 'failed' && end.guardProblem !== undefined)
    throw WORKER_ERRORS.guard_failed({ of: 'SETUP', said: end.guardProblem });
  const warnings =
    end.kind === 'failed'
      ? [`SETUP (\`${setup}\`) failed (${end.how}); the first agent is asked to fix it.`]
      : [];
  await writeWhole(worker.paths.setup, [RAN, ...warnings, ''].join('\n'));
  return { kind: 'done', warnings };
}

/** The lines of the note; undefined when there is none. */
async function noteOf({ paths }: Worker): Promise<string[] | undefined> {
  return (await plainText(paths.setup, MAX_BYTES))?.trimEnd().split('\n');
}
