import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SUITES } from './suites.ts';

/**
 * Files that run for 25 seconds or more on a quick machine, longest first. A fresh checkout has no recorded durations,
 * and if one of them starts last the other workers are idle.
 */
const LONG = [
  'smoke',
  'extensions/pool/e2e/takeover',
  'extensions/acp/clis/acp-sessions',
  'extensions/github/clis/rounds',
  'core/e2e/supervisor/order',
  'core/guard/private-git',
  'extensions/github/clis/intake',
  'core/guard/profile',
  'app/clis/whole-sessions',
  'app/clis/protocol/conformance',
  'app/clis/clients/tasks-claude',
  'extensions/application/clis/pictures',
  'extensions/pool/e2e/partitions',
  'extensions/github/clis/issues',
  'extensions/acp/clis/acp-retries',
  'extensions/setup/clis/market/marketplace',
  'core/e2e/gate-plan',
  'extensions/pool/processes/remote-board',
  'extensions/github/clis/watched',
  'extensions/pool/postgres/takeover',
  'app/e2e/server/mistakes/input',
  'extensions/github/processes/publish',
  'app/e2e/packed',
  'core/guard/read-only-home',
  'app/clis/endings',
  'app/e2e/cli',
  'extensions/pool/guard/pool',
  'app/clis/server-clients',
  'extensions/pool/e2e/whole-session',
  'core/e2e/acts/groups',
  'app/e2e/pages',
  'core/e2e/worker/clean-checks',
  'core/guard/gate-plan',
  'core/e2e/gate-people',
  'core/faults/spending',
  'core/faults/children',
  'core/guard/endings',
  'core/e2e/worker/rewind-halfway',
  'core/guard/gate-qa',
  'core/e2e/gate-qa',
  'core/faults/cut-off-git',
  'core/faults/endings',
  'core/processes/worker/false-claims',
  'core/guard/faults',
  'core/e2e/worker/red-base',
  'core/e2e/worker/rewind',
  'core/faults/finishing',
  'core/faults/lost-work',
  'core/guard/gate-replan',
  'core/faults/crash',
  'core/faults/workers',
  'core/faults/machine',
  'core/faults/torn-writes',
  'core/e2e/worker/new-goal',
  'app/clis/guarded-sessions',
];

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

/** Behind those, suite by suite: a slow machine may have no time for the last of them, and the many quick ones say the most. */
function placeOf({ moduleId }: TestSpecification): number {
  const path = moduleId.slice(moduleId.lastIndexOf('/tests/') + '/tests/'.length);
  const place = LONG.indexOf(path.replace('.test.ts', ''));
  return place === -1 ? LONG.length + SUITES.findIndex((suite) => path.includes(`/${suite}/`)) : place;
}
