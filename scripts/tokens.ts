import './hand-over.ts';

import { measureDefinitions, measureSessions } from './tokens/measure.ts';

// Prints how much models have to read because of us, as JSON: `npm run tokens`. Fails if a budget is exceeded.

// Otherwise set by the bundler.
Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.0.0-test' });

const measures = [...measureDefinitions(), ...(await measureSessions())];
console.log(JSON.stringify({ token: 'four characters', measures }, undefined, 2));
for (const { what, tokens, budget } of measures.filter((each) => each.tokens > each.budget)) {
  console.error(`${what}: ${tokens} tokens, the budget is ${budget}`);
  process.exitCode = 1;
}
