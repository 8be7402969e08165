import { measureDefinitions, measureSessions } from './tokens/measure.ts';

// What models have to read because of us, as JSON: `npm run tokens`. Fails where a budget is exceeded.

// The bundler sets these; run from source there is no bundler.
Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.0.0-test' });

const measures = [...measureDefinitions(), ...(await measureSessions())];
console.log(JSON.stringify({ token: 'four characters', measures }, undefined, 2));
for (const { what, tokens, budget } of measures.filter((each) => each.tokens > each.budget)) {
  console.error(`${what}: ${tokens} tokens, the budget is ${budget}`);
  process.exitCode = 1;
}
