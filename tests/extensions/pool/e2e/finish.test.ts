import { rename } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readChanges } from '../../../../src/core/acts/reading/read-changes.act.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { isDone, poolOf, untilView, WORK } from './machines.ts';

test(
  'a session of another machine can be read without its clone, is finished there, and is archived everywhere',
  ci,
  async () => {
    await using pool = await poolOf(2, WORK);
    const [one, other] = pool.machines;
    const session = await pool.startOn(one);
    await untilView(other, isDone, 'the session as done on the other machine');
    await expect(finishSession({ session, how: 'merge', keep: [] }, other.context)).rejects.toMatchObject({
      code: 'elsewhere_in_pool',
    });
    await rename(one.repo.path, `${one.repo.path}.gone`);
    const changes = await readChanges({ session }, other.context);
    await rename(`${one.repo.path}.gone`, one.repo.path);
    expect(changes.commits.commits[0]).toMatchObject({ subject: 'Phase 3: When it is done' });
    await finishSession({ session, how: 'keep_branch', keep: [] }, one.context);
    await untilView(other, ({ state }) => state.archived, 'the session as archived on the other machine');
  },
);
