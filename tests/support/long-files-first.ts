import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that run for 25 seconds or more, longest first. A fresh checkout has no recorded durations, and if one of
 * them starts last the other workers are idle.
 */
const LONG = [
  'clis/forge/rounds',
  'clis/whole-sessions',
  'e2e/gate-plan',
  'e2e/supervisor/order',
  'clis/endings',
  'e2e/worker/clean-checks',
  'guard/private-git',
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
  'e2e/cli',
  'guard/profile',
  'processes/worker/false-claims',
  'guard/faults',
  'guard/read-only-home',
  'e2e/worker/red-base',
  'e2e/worker/rewind',
  'faults/finishing',
  'processes/acts/publish',
  'faults/lost-work',
  'guard/gate-replan',
  'faults/crash',
  'e2e/pages',
  'faults/workers',
  'clis/forge/watched',
  'faults/machine',
  'faults/torn-writes',
  'e2e/worker/new-goal',
  'clis/guarded-sessions',
];

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return place === -1 ? LONG.length : place;
}
