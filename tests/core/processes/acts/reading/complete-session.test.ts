// @module-tag ci
import { expect, test } from 'vitest';
import { completeSession } from '../../../../../src/core/acts/reading/complete-session.act.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';

const NAMES = ['26-01-06-boat', '26-01-07-paper-boat', '26-01-08-Boat-race', '26-01-09-kite'];

test.each([
  ['boat', ['26-01-08-Boat-race', '26-01-06-boat', '26-01-07-paper-boat']],
  ['26-01', [...NAMES].reverse()],
  [' APER', ['26-01-07-paper-boat']],
  ['ship', []],
])(
  '%j is completed with names that start with it, then with names that contain it, newest first',
  async (typed, values) => {
    await using serverRig = await makeServerRig();
    for (const name of NAMES) await serverRig.addSession(name);
    expect(await completeSession(typed, serverRig.context)).toEqual({
      values,
      total: values.length,
      hasMore: false,
    });
  },
);
