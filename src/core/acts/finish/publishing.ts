import type { ActionContext } from '../../caller/context/context.ts';
import type { Preview } from '../../caller/facts/preview.ts';
import { newRegistry } from '../../kernel/registry.ts';
import type { FinishSessionInput, FinishVerdict } from './judge-finish.ts';

/** How an extension publishes the branch of a session, as far as it does not happen in the worker. */
export interface Publishing {
  /** What publishing would do. Changes nothing. */
  preview(input: FinishSessionInput, judged: FinishVerdict, context: ActionContext): Promise<Preview>;
  /**
   * A sentence for the person if the supervisor will not be able to push the branch by itself; otherwise empty.
   * @param from the repository that has the branch, as `host/owner/name`
   */
  whyNotUnattended(judged: FinishVerdict, from: string, context: ActionContext): Promise<string>;
}

export const publishing = newRegistry<Publishing>('pull requests');
