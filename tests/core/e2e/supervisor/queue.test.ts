import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { queuedSessions, whenAllHaveEnded } from '../../../support/queued-sessions.ts';
import { startRig } from '../../../support/session-rig.ts';

test.concurrent(
  'four sessions in a queue of two all end in order, and leave nothing behind',
  ci,
  async () => {
    await using queued = await queuedSessions([4], 2, { ends: 'blocked' });
    const { mostAtOnce, overtaken, strangers, left } = await whenAllHaveEnded(queued);
    expect(mostAtOnce).toBe(2);
    // Two that are admitted at once begin in any order.
    expect(Math.max(...overtaken)).toBeLessThan(2);
    expect(strangers).toEqual([]);
    expect(left).toEqual({ workers: 0, processes: 0, slots: 0 });
  },
);

test.concurrent('on a full machine a project with one session does not wait for all sessions of another one', async () => {
  await using queued = await queuedSessions([5, 1], 5, {
    machine: 'MAX_PARALLEL_ON_MACHINE=2\n',
    ends: 'blocked',
  });
  const { mostAtOnce, overtaken, strangers, left } = await whenAllHaveEnded(queued);
  expect(mostAtOnce).toBe(2);
  // Two of the five had begun, and one may be admitted together with it.
  expect(overtaken.at(-1)).toBeGreaterThanOrEqual(2);
  expect(strangers).toEqual([]);
  expect(left).toEqual({ workers: 0, processes: 0, slots: 0 });
});

test.concurrent('above the limit of the day no further agent starts, and the session continues once the limit is raised', async () => {
  const acts = [
    { act: 'signal-file', text: JSON.stringify({ status: 'continue', phase: 'requirements' }) },
    { act: 'result', json: { total_cost_usd: 3 } },
  ];
  await using rig = await startRig({
    supervised: true,
    files: { 'home/.config/samocode/.env': 'MAX_COST_USD_PER_DAY=2\n' },
    scenario: { rules: [{ when: { iteration: 1 }, do: acts }] },
  });
  await rig.until(({ status }) => status.kind === 'queued');
  const [queued] = (await rig.events()).filter((event) => event.type === 'queued');
  expect(queued?.reason).toContain('cost $3.00 today, of the $2.00 that they may cost a day');
  await writeFile(join(rig.repo.homeDir, '.config/samocode/.env'), 'MAX_COST_USD_PER_DAY=10\n');
  await rig.untilWaiting('qa_answers');
  expect((await rig.events()).filter((event) => event.type === 'queued')).toHaveLength(1);
});
