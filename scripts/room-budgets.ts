/**
 * The most lines that rooms of src may have. A total has no owner, a budget has: `tests/architecture.test.ts` fails
 * when a room is over its own. Whoever raises a number writes the reason into the same commit; a new capability
 * brings a row. Rooms whose goal (the second number) is lower are still on their way to it.
 */
export const BUDGETS: Readonly<Record<string, number>> = {
  'base, phases': 4_200,
  session: 7_330, // 7,000
  project: 6_850,
  providers: 4_030, // 3,950
  worker: 7_600,
  supervisor: 1_350,
  actions: 7_330, // 7,000
  report: 1_150,
  notify: 2_750,
  machine: 2_260, // 2,250
  server: 3_750, // 3,650
  cli: 6_240, // 6,150
  'demo, rehearsal': 1_380, // 1,300
};
