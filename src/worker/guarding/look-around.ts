import { isSamocodeError } from '../../base/errors.ts';
import { listed, visibleControls } from '../../base/plain-words.ts';
import type { Outcome } from '../../phases/outcome.ts';
import { movesBetween } from '../../project/worktrees/main-checkout.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { blockedEvent } from '../core/blocked.ts';
import { isPassing } from '../core/passing-errors.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import type { Snapshot } from './snapshot.ts';

/** What came to pass while a child ran that no child may do. */
export type Breach = NonNullable<Outcome['breach']>;

/**
 * The run folder first: whoever accepts it has not accepted what git would start.
 * The session stands again where the child began, whatever the log says that somebody decided meanwhile.
 */
export function breachOf(
  { phase }: Pick<OpenIteration, 'phase'>,
  {
    runFolder = [],
    gitPrograms,
    afterChild,
  }: { runFolder?: readonly string[] | undefined; gitPrograms: readonly string[]; afterChild: boolean },
): Breach | undefined {
  const rule = runFolder.length > 0 ? 'run_folder_changed' : 'git_programs_changed';
  if (runFolder.length + gitPrograms.length === 0) return undefined;
  const parts = [
    runFolder.length === 0
      ? ''
      : `Files of the run folder, which only samocode writes, changed while the agent ran: ${bounded(runFolder)}.`,
    gitPrograms.length === 0
      ? ''
      : `Git settings or hooks that start programs changed, and no person has accepted them: ${bounded(gitPrograms)}. samocode starts none of them.`,
    afterChild ? "The agent's signal is ignored; its work is kept." : '',
    rule === 'run_folder_changed'
      ? 'Find out what changed them, then resume the session.'
      : 'Undo what you do not recognize. A resume by a person in a terminal accepts the rest.',
  ];
  return { phase, rule, reason: parts.filter((part) => part !== '').join(' ') };
}

const MOST_NAMED = 20;
const MAX_NAME = 400;

function bounded(lines: readonly string[]): string {
  const named = lines.map((line) => visibleControls(line).slice(0, MAX_NAME));
  return listed(named, MOST_NAMED, { separator: '; ' });
}

/**
 * By what git would start programs though nobody has accepted it; comes first of all git calls after a child.
 * @throws what passes by itself, and what has words of its own, as a git that is not there
 */
export async function gitProgramsChanged(worker: Worker): Promise<string[]> {
  try {
    return await worker.git.look(stateOf(worker).worktree?.path);
  } catch (error) {
    if (isPassing(error) || isSamocodeError(error)) throw error;
    return [`they could not be read: ${error instanceof Error ? error.message : error}`];
  }
}

/**
 * What changed while no agent ran is shown before the next one is paid: after it, its word would not count.
 * @returns false when it is blocked
 */
export async function gitStands(worker: Worker): Promise<boolean> {
  const breach = breachOf(stateOf(worker).progress, {
    gitPrograms: await gitProgramsChanged(worker),
    afterChild: false,
  });
  if (breach === undefined) return true;
  await record(worker, blockedEvent({ ...breach, needs: 'error_resolution' }));
  return false;
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
