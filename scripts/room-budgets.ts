/**
 * The most lines that rooms of src may have. A total has no owner, a budget has: `tests/architecture.test.ts` fails
 * when a room is over its own. Whoever raises a number writes the reason into the same commit; a new capability
 * brings a row.
 */
export const BUDGETS: Readonly<Record<string, number>> = {
  'base, phases': 4_211, // 4,200 + 11: a proof's folders
  session: 7_120,
  project: 7_490, // 6,850 + 495: a git folder of its own for every agent; + 145: a proof that believes only the commit
  providers: 4_105, // 3,950 + 25 for its mounts; + 130: an empty home for checks
  worker: 7_685, // 7,600 + 75 for collecting from it; + 10
  supervisor: 1_350,
  actions: 7_120, // 7,110 + 10: commits of a running agent
  report: 1_150,
  notify: 2_750,
  machine: 2_450,
  server: 3_840,
  cli: 6_200,
  'demo, rehearsal': 1_300,
};
