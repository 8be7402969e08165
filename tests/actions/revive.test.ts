import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../src/actions/context.ts';
import { revive } from '../../src/actions/revive.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/host.ts';
import type { NewEvent } from '../../src/session/events.ts';
import { sessionPaths } from '../../src/session/paths.ts';
import { readSession } from '../../src/session/status.ts';
import { CREATED, PREPARED, writeEvents } from '../session/events.ts';
import { tempDir } from '../support/temp-dir.ts';

const WORKER = { pid: 1, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' };
const CAME: NewEvent = {
  type: 'worker_took_over',
  worker: WORKER,
  version: '0',
  previous: 'released',
  recovery: 'nothing',
};
const LEFT: NewEvent = { type: 'worker_left', why: 'x' };
const NOTICE: NewEvent = { type: 'notice', code: 'log_problem', text: 'x' };
const WORK: NewEvent = { type: 'went_on', why: 'slot_free' };
const TEN_MINUTES_MS = 10 * 60_000;

test.each<{ what: string; events: NewEvent[]; outcome: string }>([
  {
    what: 'left at once three times',
    events: [CAME, LEFT, CAME, LEFT, CAME, LEFT, CAME, LEFT],
    outcome: 'dies_again',
  },
  {
    what: 'left at once, each time with a notice',
    events: Array(4).fill([CAME, NOTICE, LEFT]).flat(),
    outcome: 'dies_again',
  },
  { what: 'left at once twice', events: [CAME, LEFT, CAME, LEFT, CAME, LEFT], outcome: 'launched' },
  { what: 'did something each time', events: Array(6).fill([CAME, WORK, LEFT]).flat(), outcome: 'launched' },
])('a session whose worker $what is $outcome', async ({ events, outcome }) => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const now = systemClock.now();
  await writeEvents(paths, [CREATED, PREPARED, ...events], now - 60_000);
  const host = await systemHost();
  const view = await readSession(paths, host);
  if (view === undefined) throw new Error('There is no session.');
  const program = join(dir.path, 'worker.js');
  await writeFile(program, '');
  const context: ActionContext = {
    host,
    clock: systemClock,
    env: {},
    home: dir.path,
    cwd: dir.path,
    by: { channel: 'cli' },
    programs: { worker: program, rehearsal: program },
  };
  expect(await revive(view, context)).toBe(outcome);
  expect(await revive(view, context, true)).toBe('launched');
  const later = { ...systemClock, now: () => now + TEN_MINUTES_MS };
  expect(await revive(view, { ...context, clock: later })).toBe('launched');
});
