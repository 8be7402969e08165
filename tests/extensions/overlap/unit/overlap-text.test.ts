import { expect, test } from 'vitest';
import { type Met, overlapText } from '../../../../src/extensions/overlap/overlap-text.ts';

const CACHE: Met = { name: 'cache-layer', files: 3, phases: [2] };
const LOGIN: Met = { name: 'login', files: 2, phases: [1, 3] };
const TIDE: Met = { name: 'tide', files: 1, phases: [4] };
const SMALL = Array.from('abcdefg', (name): Met => ({ name, files: 1, phases: [5] }));

/** The sessions that a session overlaps with, and what is said of its plan, and of quick work. */
const ROWS: [string, { met: Met[]; plan: string; quick: string }][] = [
  [
    'two sessions that overlap',
    {
      met: [CACHE],
      plan: 'Phase 2 names 3 files that cache-layer has changed. Go on, or let the plan wait until cache-layer is merged.',
      quick:
        'It has changed 3 files that cache-layer has changed. Let it go on, or stop it until cache-layer is merged.',
    },
  ],
  [
    'three sessions that overlap',
    {
      met: [LOGIN, CACHE],
      plan: 'Phase 2 names 3 files that cache-layer has changed, and phases 1 and 3 name 2 files that login has changed. Go on, or let the plan wait until they are merged.',
      quick:
        'It has changed 3 files that cache-layer has changed, and 2 files that login has changed. Let it go on, or stop it until they are merged.',
    },
  ],
  [
    'five sessions that overlap',
    {
      met: [TIDE, LOGIN, CACHE, { name: 'zeal', files: 1, phases: [1] }],
      plan: 'Phase 2 names 3 files that cache-layer has changed, phases 1 and 3 name 2 files that login has changed, phase 4 names 1 file that tide has changed, and the plan names files that 1 more session has changed. Go on, or let the plan wait until they are merged.',
      quick:
        'It has changed 3 files that cache-layer has changed, 2 files that login has changed, 1 file that tide has changed, and files that 1 more session has changed. Let it go on, or stop it until they are merged.',
    },
  ],
  [
    'ten sessions that overlap',
    {
      met: [...SMALL, CACHE, LOGIN],
      plan: 'Phase 2 names 3 files that cache-layer has changed, phases 1 and 3 name 2 files that login has changed, phase 5 names 1 file that a has changed, and the plan names files that 6 more sessions have changed. Go on, or let the plan wait until they are merged.',
      quick:
        'It has changed 3 files that cache-layer has changed, 2 files that login has changed, 1 file that a has changed, and files that 6 more sessions have changed. Let it go on, or stop it until they are merged.',
    },
  ],
];

test.each(ROWS)('%s are one sentence with the ways on', (_, { met, plan, quick }) => {
  expect(overlapText('plan', met)).toEqual([plan]);
  expect(overlapText('quick', met)).toEqual([quick]);
});

test('nothing is said of a session that overlaps with none, and no way on of one that has ended', () => {
  expect(overlapText('plan', [])).toEqual([]);
  expect(overlapText('ended', [CACHE])).toEqual(['It has changed 3 files that cache-layer has changed.']);
});
