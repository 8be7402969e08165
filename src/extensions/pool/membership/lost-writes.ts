import type { Board, Claim, Entry } from '../board/board.ts';
import type { StateManifest } from '../board/state-manifest.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import type { HeldSession } from './member-parts.ts';

// A board can lose its last writes, for example when a standby is promoted. The session's ref has not lost them.

/** Raises the epoch of a claim above the one in the newest published state. */
export async function claimAbove(
  { epoch: published }: Pick<StateManifest, 'epoch'>,
  claim: Claim,
  board: Pick<Board, 'raise'>,
): Promise<Claim> {
  if (claim.moved !== undefined || published < claim.epoch) return claim;
  if (!(await board.raise(claim, published + 1)))
    throw POOL_ERRORS.pool_not_moved({ folder: claim.folder, how: 'refused' });
  return { ...claim, epoch: published + 1 };
}

/** Why a renewal lacks a session that this machine has. */
export function whyLost({ epoch }: Pick<HeldSession, 'epoch'>, entry: Entry | undefined): string {
  if (entry !== undefined && entry.epoch >= epoch) return 'another machine has it';
  return 'the board lost its last changes, as after a failover; one iteration may be paid for twice';
}

/** Records a published state again that the board lacks. @param begun monotonic time of the renewal with `entry` */
export async function indexAgain(
  { id, epoch, published, summary, sinceMs }: HeldSession,
  entry: Entry | undefined,
  { begun, host, board }: { begun: number; host: string; board: Pick<Board, 'index'> },
): Promise<void> {
  const isBehind = entry !== undefined && entry.state !== published && sinceMs < begun;
  if (summary === undefined || !isBehind) return;
  await board.index({ id, epoch, host }, published, summary);
}
