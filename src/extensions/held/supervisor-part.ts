import type { NewPart } from '../../core/supervisor/part.ts';
import { lookAtMerged } from './look.ts';

/** A look that is not due yet reads one small file of each SESSIONS folder. */
const BETWEEN_MS = 3_600_000;

const heldPart: NewPart = ({ clock, env }, scan) => {
  let nextMs = 0;
  let looking: Promise<void> | undefined;
  return {
    async poll() {
      if (clock.monotonic() < nextMs || looking !== undefined) return nextMs;
      nextMs = clock.monotonic() + BETWEEN_MS;
      looking = lookAtMerged(scan.views(), { env, clock })
        .catch((error: unknown) => scan.report('merged sessions', error))
        .finally(() => {
          looking = undefined;
        });
      return nextMs;
    },
    keepsAlive: () => false,
    end: async () => await looking,
  };
};

export const HELD_PARTS: readonly NewPart[] = [heldPart];
