import {
  type WaitForAnyInput,
  type WaitResult,
  waitForAny,
} from '../../src/core/acts/reading/wait-for-change.act.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';

type Input = { session: string } & Omit<WaitForAnyInput, 'sessions'>;

/** Waits for a single session. */
export async function waitForOne({ session, ...input }: Input, context: ActionContext): Promise<WaitResult> {
  return await waitForAny({ sessions: [session], ...input }, context);
}
