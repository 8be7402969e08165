import { changedKeys } from '../../kernel/changed-keys.ts';
import { isSamocodeError } from '../../kernel/errors.ts';
import type { Outcome } from '../../kernel/phases/outcome.ts';
import { beginning, listed, visibleControls } from '../../kernel/text.ts';
import { movesBetween } from '../../project/worktrees/main-checkout.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { Blocked } from '../state/blocked.ts';
import { isPassing } from '../state/passing-errors.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { homePrints, type Snapshot } from './snapshot.ts';

/** Changes made while an agent ran that no agent may make. */
export type Breach = NonNullable<Outcome['breach']>;

/**
 * The breach of an ended agent; undefined if there is none. Changes to the run folder take precedence, so that
 * accepting them does not accept executable git settings. The session returns to the agent's phase, whatever was
 * decided in the meantime.
 */
export function breachOf(
  { phase }: Pick<OpenIteration, 'phase'>,
  {
    runFolder = [],
    gitPrograms,
    home = [],
    afterChild,
  }: {
    runFolder?: readonly string[];
    gitPrograms: readonly string[];
    home?: readonly string[];
    afterChild: boolean;
  },
): Breach | undefined {
  const rule = runFolder.length > 0 ? 'run_folder_changed' : 'git_programs_changed';
  if (runFolder.length + gitPrograms.length + home.length === 0) return undefined;
  const parts = [
    runFolder.length === 0
      ? ''
      : `Files of the run folder, which only samocode writes, changed while the agent ran: ${bounded(runFolder)}.`,
    gitPrograms.length === 0
      ? ''
      : `Git settings or hooks that start programs changed, and no person has accepted them: ${bounded(gitPrograms)}. samocode starts none of them.`,
    home.length === 0 ? '' : `Files that start your programs changed while the agent ran: ${bounded(home)}.`,
    afterChild ? "The agent's signal is ignored; its work is kept." : '',
    rule === 'run_folder_changed'
      ? 'Find out what changed them, then resume the session.'
      : 'Undo what you do not recognize. A resume by a person in a terminal accepts the rest.',
  ];
  return { phase, rule, reason: parts.filter((part) => part !== '').join(' ') };
}

const MAX_NAMED = 20;
const MAX_NAME = 400;

function bounded(lines: readonly string[]): string {
  const named = lines.map((line) => beginning(visibleControls(line), MAX_NAME));
  return listed(named, MAX_NAMED, { separator: '; ' });
}

/**
 * Executable git settings and hooks that no person accepted. This is the first git call after an agent.
 * @throws temporary errors, and expected ones such as a missing git
 */
export async function gitProgramsChanged(worker: Worker): Promise<string[]> {
  try {
    return await worker.git.unaccepted(stateOf(worker).worktree?.path);
  } catch (error) {
    if (isPassing(error) || isSamocodeError(error)) throw error;
    return [`they could not be read: ${error instanceof Error ? error.message : error}`];
  }
}

/**
 * Paths below home that changed. Changes by a person are included, because they cannot be distinguished from an
 * agent's.
 */
export async function homeChanged(worker: Worker, before: Snapshot | undefined): Promise<string[]> {
  return before?.home === undefined ? [] : changedKeys(before.home, await homePrints(worker));
}

/**
 * Changes made while no agent was running block the session before money is spent on the next agent, whose signal would
 * be ignored anyway.
 * @throws Blocked
 */
export async function requireAcceptedGit(worker: Worker): Promise<void> {
  const gitPrograms = await gitProgramsChanged(worker);
  const breach = breachOf(stateOf(worker).progress, { gitPrograms, afterChild: false });
  if (breach !== undefined) throw new Blocked({ ...breach, needs: 'error_resolution' });
}

/** Reports moves of the main checkout and never undoes them: a person may have made them. */
export function mainCheckoutMoves(
  iteration: number,
  before: Snapshot | undefined,
  after: Snapshot,
): NewEvent[] {
  if (!before?.mainCheckout || !after.mainCheckout) return [];
  const moves = movesBetween(before.mainCheckout, after.mainCheckout);
  if (moves.length === 0) return [];
  const text = `While iteration ${iteration} ran, the main checkout changed: ${moves.join('; ')}. Nothing was undone; for commits and branches, see \`git reflog\` there.`;
  return [{ type: 'notice', code: 'main_checkout_moved', text }];
}
