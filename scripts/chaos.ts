import './hand-over.ts';

import { runChaos } from '../tests/core/faults/chaos/run-chaos.ts';

/** Kills processes of running sessions at random: `npm run chaos -- --kills 1000 --seed 7`. */
const option = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
};

// Otherwise set by the bundler.
Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.0.0-test' });

const kills = option('kills', 100);
const seed = option('seed', 1);
const atOnce = option('at-once', 3);
if (![kills, seed, atOnce].every((value) => Number.isInteger(value) && value >= 1)) {
  console.error('Nothing to run: --kills, --seed and --at-once must be whole numbers, 1 or more.');
  process.exit(2);
}

const { passed, failed, killed } = await runChaos({ kills, seed, atOnce, say: (line) => console.log(line) });
console.log(`${killed} killed (seed ${seed}): ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
