import { expect, test } from 'vitest';
import { completeSession } from '../../../src/acts/reading/complete-session.act.ts';
import { makeDesk } from '../../server/desk.ts';

const NAMES = ['26-01-06-boat', '26-01-07-paper-boat', '26-01-08-Boat-race', '26-01-09-kite'];

test.each([
  ['boat', ['26-01-08-Boat-race', '26-01-06-boat', '26-01-07-paper-boat']],
  ['26-01', [...NAMES].reverse()],
  [' APER', ['26-01-07-paper-boat']],
  ['ship', []],
])(
  '%j is completed first with names that start with it, then with names that contain it, the newest first',
  async (typed, values) => {
    await using desk = await makeDesk();
    for (const name of NAMES) await desk.lay(name);
    expect(await completeSession(typed, desk.context)).toEqual({
      values,
      total: values.length,
      hasMore: false,
    });
  },
);
