import type { Explanation } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { isOfRepository, missingProgram } from '../../project/finding/project-command.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { endChildTree } from '../core/tree.ts';
import { checksOf, stateOf, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { runProjectCommand } from './run-project-command.ts';

export type ChecksEnd =
  | { kind: 'ran'; failures: string[] }
  /** The shell does not find a command, which is a person's to put right. */
  | { kind: 'impossible'; reason: string }
  | { kind: 'stopped' };

/**
 * Runs the project's CHECK commands in the worktree. Their time is the project's: it counts neither for the child
 * nor against MAX_HOURS. @returns one line per check that did not exit 0, unless a person stopped them
 */
export async function runChecks(worker: Worker): Promise<ChecksEnd> {
  const checks = checksOf(worker);
  const worktree = stateOf(worker).worktree;
  if (checks.length === 0 || worktree === undefined) return { kind: 'ran', failures: [] };
  await joinEnvironment(worker);
  const env = childEnvironment(worker.env, {
    sessionUlid: worker.file.id,
    iteration: stateOf(worker).progress.totalIterations,
  });
  try {
    const failures: string[] = [];
    const guard = await worker.guard.guard(worker);
    for (const check of checks) {
      const end = await runProjectCommand(worker, check, { cwd: worktree.path, env, guard });
      if (end.kind === 'stopped') return end;
      if (end.kind === 'failed' && end.missing !== undefined) {
        return impossible(WORKER_ERRORS.checks.explain({ program: end.missing, check }));
      }
      if (end.kind === 'failed' && end.guardProblem !== undefined) {
        return impossible(WORKER_ERRORS.guard_failed.explain({ of: 'CHECK', said: end.guardProblem }));
      }
      if (end.kind === 'failed') failures.push(`\`${check}\` (${end.how})`);
      if (statsAt(worktree.path) === undefined) {
        failures.push(`\`${check}\` (it removed the worktree)`);
        break;
      }
    }
    return { kind: 'ran', failures };
  } finally {
    // A check may have started servers; nothing of it may outlive the iteration.
    await endChildTree(worker, undefined, { leftoversOnly: true });
  }
}

/**
 * Looks the program of each check up before any agent is paid, once SETUP may have installed it.
 * @throws checks
 */
export async function requireCheckPrograms(worker: Worker, cwd: string): Promise<void> {
  const env = childEnvironment(worker.env, { sessionUlid: worker.file.id, iteration: 0 });
  for (const check of checksOf(worker)) {
    const program = await missingProgram(check, { cwd, env });
    if (program !== undefined && !isOfRepository(program)) throw WORKER_ERRORS.checks({ program, check });
  }
}

/** An agent has worked by then: what happened is not that none was started. */
function impossible({ why, hint }: Explanation): ChecksEnd {
  return { kind: 'impossible', reason: `${why} ${hint}` };
}
