/**
 * Marks a test that `.ci/run` runs: `test('…', ci, …)`, or `// @module-tag ci` above a whole file. It is the walk of a
 * capability, or the representative of a family of a table's rows. All other tests run in `npm run test:all` alone.
 */
export const ci = { tags: ['ci'] };

/** The same for a row of a table, which says so itself: `ci: true`. */
export function ciIf(isRepresentative: boolean | undefined): { tags: string[] } {
  return isRepresentative ? ci : { tags: [] };
}
