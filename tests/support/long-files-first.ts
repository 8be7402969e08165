import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that run for a minute or more, longest first. A fresh checkout knows no durations, and one of them
 * that begins last leaves the other worker without work.
 */
const LONG = [
  'clis/whole-sessions',
  'clis/claude-session',
  'clis/endings',
  'e2e/gate-plan',
  'e2e/gate-qa',
  'e2e/gate-people',
  'e2e/mcp-session',
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
