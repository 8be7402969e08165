import type { NewPart } from '../../core/supervisor/part.ts';
import { Awake } from './awake.ts';

/** What comes later is not worth a night's power. */
const LONGEST_WAIT_MS = 8 * 60 * 60_000;
/** The battery is looked at that often. */
const LOOK_MS = 60_000;

/** For the sessions that no worker has, and that will continue by themselves. */
const awakePart: NewPart = (supervisor, scan) => {
  const { env, home, clock, say } = supervisor;
  const awake = new Awake({ env, home, clock });
  let said: string | undefined;
  return {
    async poll() {
      const isWanted = [...scan.sessions.values()].some(({ comesInMs }) => comesInMs <= LONGEST_WAIT_MS);
      await awake.want(isWanted);
      const text = awake.sleep?.text;
      if (text !== undefined && text !== said) say(text);
      said = text ?? said;
      return isWanted ? clock.monotonic() + LOOK_MS : Number.POSITIVE_INFINITY;
    },
    keepsAlive: () => false,
    end: async () => awake.release(),
  };
};

export const AWAKE_PARTS: readonly NewPart[] = [awakePart];
