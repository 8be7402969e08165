import { stateOf, type Worker } from '../core/worker.ts';
import type { Snapshot } from '../guarding/snapshot.ts';

/** What a child could change, as it was seen when the last one's whole tree was gone. */
export type Seen = Pick<Snapshot, 'worktree' | 'mainCheckout'>;

const looks = new WeakMap<Worker, { seen: Seen; n: number; atMs: number }>();

/** A child that follows at once starts from what the one before left. */
const FRESH_MS = 2000;

/** Keeps what was seen after a child, once its iteration is recorded. */
export function keepLook(worker: Worker, { worktree, mainCheckout }: Snapshot): void {
  const seen: Seen = { worktree, mainCheckout };
  looks.set(worker, { seen, n: stateOf(worker).n, atMs: worker.clock.monotonic() });
}

/**
 * What still holds right before the next child, so that git need not be asked the same twice between two
 * children; undefined once anything but the start of that child was recorded, or time has passed.
 */
export function freshLook(worker: Worker): Seen | undefined {
  const last = looks.get(worker);
  if (last === undefined || stateOf(worker).n !== last.n + 1) return undefined;
  return worker.clock.monotonic() - last.atMs < FRESH_MS ? last.seen : undefined;
}
