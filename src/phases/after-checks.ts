import type { Decision } from './decision.ts';
import type { Progress } from './progress.ts';
import { MAX_TEST_RETURNS, PHASES } from './table.ts';
import { block, run } from './verdict.ts';

/**
 * A child said done, but a check of the project fails: the work goes back to implementation, as after
 * failed tests and as often.
 * @param failures one line per failed check
 */
export function afterFailedChecks(progress: Progress, failures: readonly string[]): Decision {
  const reason = `Checks of the project failed: ${failures.join('; ')}`;
  // Without one more child in this phase the way back would end at its limit, and nobody would hear of the checks.
  const { phase, counted, testReturns } = progress;
  const isLast = counted[phase] + 1 >= PHASES[phase].limit;
  if (isLast || testReturns >= MAX_TEST_RETURNS) return block(phase, 'checks', reason);
  return run('implementation', [`${reason}. Fix this first.`]);
}

/** A command that the shell does not find is no agent's to repair: a run for each look would be paid for nothing. */
export function afterImpossibleChecks({ phase }: Progress, reason: string): Decision {
  return block(phase, 'checks', reason);
}

/** A child said done while a message came that it never saw: one more reads it. */
export function afterUnreadMessages(progress: Progress): Decision {
  return run(progress.phase, [
    'A message from the human arrived while the agent before you worked: read it.',
  ]);
}
