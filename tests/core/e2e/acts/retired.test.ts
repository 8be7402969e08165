import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readLog } from '../../../../src/core/session/log/event-log.ts';
import { ci } from '../../../support/ci.ts';
import { trustLines } from '../../../support/project.ts';
import { startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { changeSettings } from '../../faults/with-settings.ts';

const ESTIMATE = {
  ...{ provider: 'rehearsal', model: '', from: 'machine', sessions: 5 },
  ranges: { iterations: { least: 1, most: 2 }, hours: { least: 1, most: 2 } },
};
const LIMITS = { session: {}, phases: { implementation: { iterations: 0 } } };

test('a log with what went is read, continued and ended, and its limit of a phase holds', ci, async () => {
  await using rig = await startRig({ here: true, at: 'planned' });
  await changeSettings(rig, { limits: LIMITS });
  const log = (await readFile(rig.paths.events, 'utf8')).split('\n');
  const lines = log.map((line) => {
    const event = line.includes('"parked"') ? JSON.parse(line) : {};
    return event.for === 'plan_approval' ? JSON.stringify({ ...event, estimate: ESTIMATE }) : line;
  });
  expect(lines.join()).toContain('"estimate"');
  await writeFile(rig.paths.events, lines.join('\n'));
  const reading = await readLog(rig.paths);
  expect(reading).toMatchObject({ problems: [] });
  expect(reading?.otherBuild).toBeUndefined();
  await rig.approve();
  const { status } = await rig.until(({ status: { kind } }) => kind === 'blocked');
  expect(status).toMatchObject({ rule: 'budget', reason: expect.stringContaining('in implementation') });
  await rig.resume({ limits: { iterations: 50 } });
  await rig.until(({ status: { kind } }) => kind === 'done');
});

test('a line with a limit of a phase starts nothing, and says what to write', async () => {
  await using rig = await startRig({ here: true, at: 'planned' });
  await trustLines(rig.repo, 'MAX_COST_USD_IMPLEMENTATION=5\n');
  await expect(startSession({ task: 'x' }, rig.context())).rejects.toMatchObject({
    code: 'line_stops',
    message: expect.stringContaining('MAX_COST_USD_IMPLEMENTATION is not a setting any more.'),
  });
  // The session that has begun continues.
  await rig.approve();
  await rig.until(({ lastIteration }) => lastIteration?.phase === 'implementation');
});
