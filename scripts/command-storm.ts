// The long version of a test: `npx tsx --import ./scripts/markdown-as-text.mjs scripts/command-storm.ts [commands] [kill every … events]`.
import { commandStorm } from '../tests/support/command-storm.ts';

const [commands = '10000', killEvery] = process.argv.slice(2);
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-test' });

const plan = { writers: 4, commands: Number(commands), heapSize: 25 };
const report = await commandStorm({ ...plan, ...(killEvery && { killEvery: Number(killEvery) }) });
console.log(JSON.stringify(report));
