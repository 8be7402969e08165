import { measureDefinitions, measureSessions } from '../scripts/tokens/measure.ts';
import type { Bench } from './bench.ts';

/** How much models have to read because of us: counted, not timed, so the result is the same on every machine. */
export const tokensBench: Bench = {
  name: 'tokens',
  title: "A parent's tokens",
  about:
    'what a chat reads because of samocode, four characters to a token; the session is a recorded one of three hours and forty iterations',
  runsOnce: true,
  async run() {
    // Otherwise set by the bundler.
    Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.0.0-bench' });
    const measures = [...measureDefinitions(), ...(await measureSessions())];
    return {
      values: Object.fromEntries(measures.map(({ what, tokens }) => [what, tokens])),
      goals: measures
        .filter(({ budget }) => Number.isFinite(budget))
        .map(({ what, budget }) => ({ value: what, atMost: budget })),
    };
  },
};
