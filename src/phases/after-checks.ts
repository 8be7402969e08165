import type { Decision } from './decision.ts';
import type { Progress } from './progress.ts';
import { MAX_TEST_RETURNS } from './table.ts';
import { block, run } from './verdict.ts';

/**
 * A child said done, but a check of the project fails: the work goes back to implementation, as after
 * failed tests and as often.
 * @param failures one line per failed check
 */
export function afterFailedChecks(progress: Progress, failures: readonly string[]): Decision {
  const reason = `Checks of the project failed: ${failures.join('; ')}`;
  if (progress.testReturns >= MAX_TEST_RETURNS) return block(progress.phase, 'checks', reason);
  return run('implementation', [`${reason}. Mend this first.`]);
}
