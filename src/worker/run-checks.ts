import { statsAt } from '../base/look-at.ts';
import { childEnvironment } from '../providers/environment.ts';
import { runProjectCommand } from './run-project-command.ts';
import { endChildTree } from './tree.ts';
import { stateOf, type Worker } from './worker.ts';

export type ChecksEnd = { kind: 'ran'; failures: string[] } | { kind: 'stopped' };

/**
 * Runs the project's CHECK commands in the worktree. Their time is the project's: it counts neither for the child
 * nor against MAX_HOURS. @returns one line per check that did not exit 0, unless a person stopped them
 */
export async function runChecks(worker: Worker): Promise<ChecksEnd> {
  const checks = checksOf(worker);
  const worktree = stateOf(worker).worktree;
  if (checks.length === 0 || worktree === undefined) return { kind: 'ran', failures: [] };
  const env = childEnvironment(worker.env, {
    sessionUlid: worker.file.id,
    iteration: stateOf(worker).progress.totalIterations,
  });
  try {
    const failures: string[] = [];
    for (const check of checks) {
      const end = await runProjectCommand(worker, check, { cwd: worktree.path, env });
      if (end.kind === 'stopped') return end;
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

/** The commands that must succeed before done: those of the start, or of a later resume. */
export function checksOf(worker: Worker): readonly string[] {
  return stateOf(worker).checks ?? worker.file.settings.checks;
}
