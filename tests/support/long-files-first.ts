import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that run for half a minute or more, longest first. A fresh checkout has no recorded durations, and if one of
 * them starts last the other workers are idle.
 */
const LONG = [
  'clis/whole-sessions',
  'e2e/gate-plan',
  'e2e/worker/clean-checks',
  'clis/endings',
  'faults/finishing',
  'e2e/gate-qa',
  'guard/endings',
  'clis/clients/parent-chats',
  'faults/children',
  'processes/worker/false-claims',
  'guard/gate-qa',
  'guard/gate-plan',
  'faults/endings',
  'e2e/supervisor/environment',
  'faults/machine',
  'e2e/gate-people',
  'clis/install-and-uninstall',
  'guard/faults',
  'faults/crash',
  'faults/torn-writes',
  'faults/writes',
  'guard/gate-replan',
  'faults/spending',
  'e2e/actions/take-over-session',
  'e2e/worker/rewind-halfway',
  'e2e/supervisor/queue',
  'e2e/worker/rewind',
  'clis/protocol/inspector',
  'faults/workers',
  'clis/clients/interactive-claude',
  'clis/packages',
  'e2e/supervisor/wakes',
  'e2e/cli/ask-at-gate',
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
