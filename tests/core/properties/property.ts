import fc from 'fast-check';

/** One claim about all inputs, shared by the tests (few runs) and `npm run soak` (many). */
export interface Property {
  /** A sentence that can be false. */
  name: string;
  /** @throws with the smallest counterexample */
  run(runs: number): void | Promise<void>;
}

/** A property over one generated input. */
export function property<T>(name: string, arbitrary: fc.Arbitrary<T>, check: (input: T) => void): Property {
  return { name, run: (numRuns) => fc.assert(fc.property(arbitrary, check), { numRuns }) };
}
