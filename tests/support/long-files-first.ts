import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that run for 25 seconds or more on a quick machine, longest first. A fresh checkout has no recorded durations,
 * and if one of them starts last the other workers are idle.
 */
const LONG = [
  'tests/smoke',
  'e2e/pool/takeover',
  'clis/acp-sessions',
  'clis/forge/rounds',
  'e2e/supervisor/order',
  'guard/private-git',
  'clis/forge/intake',
  'guard/profile',
  'clis/whole-sessions',
  'e2e/pool/partitions',
  'clis/forge/issues',
  'clis/acp-retries',
  'clis/market/marketplace',
  'e2e/gate-plan',
  'processes/pool/git-board',
  'clis/forge/watched',
  'postgres/takeover',
  'e2e/server/mistakes/input',
  'processes/acts/publish',
  'e2e/packed',
  'guard/read-only-home',
  'clis/endings',
  'e2e/cli',
  'guard/pool',
  'clis/server-clients',
  'e2e/pool/finish',
  'e2e/acts/groups',
  'e2e/pages',
  'e2e/worker/clean-checks',
  'guard/gate-plan',
  'e2e/gate-people',
  'faults/spending',
  'faults/children',
  'guard/endings',
  'e2e/worker/rewind-halfway',
  'guard/gate-qa',
  'e2e/gate-qa',
  'faults/cut-off-git',
  'faults/endings',
  'processes/worker/false-claims',
  'guard/faults',
  'e2e/worker/red-base',
  'e2e/worker/rewind',
  'faults/finishing',
  'faults/lost-work',
  'guard/gate-replan',
  'faults/crash',
  'faults/workers',
  'faults/machine',
  'faults/torn-writes',
  'e2e/worker/new-goal',
  'clis/guarded-sessions',
];

/** The other files: a slow machine may have no time for the last of them, and the many quick ones say the most. */
const SUITES = ['processes', 'guard', 'faults', 'postgres', 'e2e', 'clis'];

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId, project }: TestSpecification): number {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return place === -1 ? LONG.length + SUITES.indexOf(project.name) : place;
}
