import { expect, test } from 'vitest';
import { PHASE_NAMES, type Phase, phasesOf, type Way } from '../../../../../src/core/kernel/phases/table.ts';

const QUICK = ['implementation', 'quality', 'done'];
const PLAN = ['planning', 'implementation', 'testing', 'quality', 'done'];

test.each<[Way | undefined, Phase | undefined, readonly string[]]>([
  [undefined, 'requirements', PHASE_NAMES],
  ['full', 'init', PHASE_NAMES],
  ['quick', undefined, QUICK],
  // Before its first agent it is in none of them.
  ['quick', 'init', QUICK],
  ['quick', 'quality', QUICK],
  // Quality has changed what no command shows.
  ['quick', 'testing', ['implementation', 'testing', 'quality', 'done']],
  ['plan', 'planning', PLAN],
])('a picture of way %s in %s shows its phases, in order', (way, phase, phases) => {
  expect(phasesOf(way, phase)).toEqual(phases);
});
