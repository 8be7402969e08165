import { runCommand } from '../base/run-command.ts';
import { childEnvironment } from '../providers/environment.ts';
import { endChildTree } from './tree.ts';
import { stateOf, type Worker } from './worker.ts';

const CHECK_LIMIT_MS = 30 * 60_000;

/** Runs the project's CHECK commands in the worktree. @returns one line per check that did not exit 0 */
export async function failedChecks(worker: Worker): Promise<string[]> {
  const { checks } = worker.file.settings;
  const worktree = stateOf(worker).worktree;
  if (checks.length === 0 || worktree === undefined) return [];
  const env = childEnvironment(worker.env, {
    sessionUlid: worker.file.id,
    iteration: stateOf(worker).progress.totalIterations,
  });
  const failures: string[] = [];
  for (const check of checks) {
    const result = await runCommand('/bin/sh', ['-c', check], {
      cwd: worktree.path,
      env,
      timeoutMs: CHECK_LIMIT_MS,
    });
    if (result.exitCode === 0) continue;
    const how = result.timedOut ? 'ran out of time' : `exit status ${result.exitCode ?? 'none'}`;
    failures.push(`\`${check}\` (${how})`);
  }
  // A check may have started servers; nothing of it may outlive the iteration.
  await endChildTree(worker, undefined, { leftoversOnly: true });
  return failures;
}
