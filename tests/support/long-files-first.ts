import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that run for half a minute or more, longest first. A fresh checkout knows no durations, and one of them
 * that begins last leaves the other workers without work.
 */
const LONG = [
  'clis/whole-sessions',
  'faults/torn-writes',
  'e2e/gate-plan',
  'e2e/gate-qa',
  'e2e/gate-people',
  'clis/endings',
  'faults/crash',
  'guard/gate-plan',
  'guard/gate-qa',
  'faults/supervisor',
  'faults/spending',
  'e2e/rehearsal/rehearsal-work',
  'faults/writes',
  'faults/endings',
  'faults/lost-work',
  'faults/children',
  'guard/gate-replan',
  'guard/endings',
  'guard/profile',
  'faults/workers',
  'faults/outages',
  'faults/machine',
  'clis/clients/parent-chats',
  'clis/guarded-sessions',
  'e2e/mcp-session',
  'guard/faults',
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
