import type { ActionContext } from '../../src/actions/acting/context.ts';
import {
  type WaitForAnyInput,
  type WaitResult,
  waitForAny,
} from '../../src/actions/waiting/wait-for-change.ts';

type Input = WaitForAnyInput['sessions'][number] & Omit<WaitForAnyInput, 'sessions'>;

/** Waits for a single session. */
export async function waitForOne(
  { session, cursor, ...input }: Input,
  context: ActionContext,
): Promise<WaitResult> {
  return await waitForAny({ sessions: [{ session, cursor }], ...input }, context);
}
