import { failureOf } from '../project/project-command.ts';
import { childEnvironment } from '../providers/environment.ts';
import { endChildTree } from './tree.ts';
import { stateOf, type Worker } from './worker.ts';

/** Runs the project's CHECK commands in the worktree. @returns one line per check that did not exit 0 */
export async function failedChecks(worker: Worker): Promise<string[]> {
  const checks = checksOf(worker);
  const worktree = stateOf(worker).worktree;
  if (checks.length === 0 || worktree === undefined) return [];
  const env = childEnvironment(worker.env, {
    sessionUlid: worker.file.id,
    iteration: stateOf(worker).progress.totalIterations,
  });
  const failures: string[] = [];
  for (const check of checks) {
    const how = await failureOf(check, { cwd: worktree.path, env });
    if (how !== undefined) failures.push(`\`${check}\` (${how})`);
  }
  // A check may have started servers; nothing of it may outlive the iteration.
  await endChildTree(worker, undefined, { leftoversOnly: true });
  return failures;
}

/** The commands that must succeed before done: those of the start, or of a later resume. */
export function checksOf(worker: Worker): readonly string[] {
  return stateOf(worker).checks ?? worker.file.settings.checks;
}
