import type { ActionContext } from '../../src/acts/common/context.ts';
import {
  type WaitForAnyInput,
  type WaitResult,
  waitForAny,
} from '../../src/acts/reading/wait-for-change.act.ts';

type Input = WaitForAnyInput['sessions'][number] & Omit<WaitForAnyInput, 'sessions'>;

/** Waits for a single session. */
export async function waitForOne(
  { session, cursor, ...input }: Input,
  context: ActionContext,
): Promise<WaitResult> {
  return await waitForAny({ sessions: [{ session, cursor }], ...input }, context);
}
