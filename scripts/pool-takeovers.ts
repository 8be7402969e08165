import './hand-over.ts';

import { type Failure, takeOver } from '../tests/support/machines/takeover.ts';

/**
 * Takes sessions from machines that fail, and prints the times and what did not hold as JSON:
 * `npm run takeovers -- --kills 20 --cuts 5 --promotions 5`. With `--lease 6`, the build with fault points has a lease
 * of 6 seconds; otherwise it is the released one of 45.
 */
const option = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
};

// Otherwise set by the bundler.
Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.0.0-test' });

const lease = option('lease', 0);
const times =
  lease > 0 ? { leaseMs: lease * 1000, renewMs: (lease * 1000) / 3, graceMs: 500, scanMs: 500 } : undefined;
const planned: Failure[] = [
  ...Array<Failure>(option('kills', 20)).fill('killed'),
  ...Array<Failure>(option('cuts', 5)).fill('cut'),
  ...Array<Failure>(option('promotions', 5)).fill('promoted'),
];
const { poolMachines } = await import('../tests/support/machines/pool-machines.ts');
await using pool = await poolMachines({ times });
const takeovers = [];
for (const [index, failure] of planned.entries()) {
  const takeover = await takeOver(pool, failure, `hull-${index + 1}`);
  takeovers.push(takeover);
  console.error(JSON.stringify(takeover));
}
const seconds = takeovers.map(({ secondsAfterLease }) => secondsAfterLease).sort((a, b) => a - b);
const violations = takeovers.flatMap((takeover) => takeover.violations);
const middle = seconds[Math.floor(seconds.length / 2)];
console.log(
  JSON.stringify({ lease: lease || 45, middle, longest: seconds.at(-1), violations, takeovers }, null, 2),
);
process.exitCode = violations.length === 0 ? 0 : 1;
