import { movesBetween } from '../project/main-checkout.ts';
import type { NewEvent } from '../session/events.ts';
import type { Snapshot } from './snapshot.ts';
import { stateOf, type Worker } from './worker.ts';

/** What happened outside of the worktree while a child ran; comes first of all git calls after a child. */
export async function gitSettingsChanges(worker: Worker): Promise<NewEvent[]> {
  try {
    const changed = await worker.git.look(stateOf(worker).worktree?.path);
    if (changed.length === 0) return [];
    const detail = changed.slice(0, 5).join(', ').slice(0, 300);
    return [{ type: 'forgery_seen', what: "git's settings, hooks or rules", detail }];
  } catch (error) {
    const text = `Git's settings could not be read after the child: ${error instanceof Error ? error.message : error}`;
    return [{ type: 'notice', code: 'git_settings_unread', text: text.slice(0, 500) }];
  }
}

/** Moves of the main checkout are told, never undone: a person may have made them. */
export function mainCheckoutMoves(
  iteration: number,
  before: Snapshot | undefined,
  after: Snapshot,
): NewEvent[] {
  if (!before?.mainCheckout || !after.mainCheckout) return [];
  const moves = movesBetween(before.mainCheckout, after.mainCheckout);
  if (moves.length === 0) return [];
  const text = `While iteration ${iteration} ran, the main checkout changed: ${moves.join('; ')}. Nothing was undone; \`git reflog\` there shows how to.`;
  return [{ type: 'notice', code: 'main_checkout_moved', text }];
}
