import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that run for half a minute or more, longest first. A fresh checkout knows no durations, and one of them
 * that begins last leaves the other workers without work.
 */
const LONG = [
  'clis/whole-sessions',
  'faults/finishing',
  'e2e/gate-plan',
  'e2e/gate-qa',
  'e2e/worker/clean-checks',
  'clis/endings',
  'worker/false-claims',
  'e2e/actions/take-over-session',
  'faults/children',
  'e2e/supervisor/wakes',
  'e2e/supervisor/environment',
  'guard/endings',
  'faults/torn-writes',
  'clis/clients/parent-chats',
  'guard/gate-qa',
  'guard/gate-plan',
  'e2e/gate-people',
  'faults/machine',
  'faults/endings',
  'e2e/cli/ask-at-gate',
  'faults/crash',
  'guard/faults',
  'faults/spending',
  'faults/writes',
  'e2e/worker/rewind-halfway',
  'faults/workers',
  'clis/packages',
  'clis/protocol/inspector',
  'clis/clients/interactive-claude',
  'e2e/worker/rewind',
  'guard/gate-replan',
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
