import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { isLost, needsHuman } from '../../../../src/core/session/folder/session-list.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { writeEvents } from './events.ts';

const START_ID = '01JH0000000000000000000001';
const BY = { channel: 'cli' } as const;
/** The remains of a start by an older program whose second event was torn off. */
const ACCEPTED: NewEvent = { type: 'command_accepted', id: START_ID, kind: 'start', by: BY };

async function read(paths: SessionPaths): Promise<SessionView> {
  const view = await readSession(paths, await systemHost());
  if (!view) throw new Error('There is no session.');
  return view;
}

test.each<{ left: string; events: NewEvent[] }>([
  { left: 'its acceptance alone', events: [ACCEPTED] },
  { left: 'a worker that found nothing to do', events: [ACCEPTED, { type: 'worker_left', why: 'x' }] },
])('a start that left $left needs no worker and is reported as lost', async ({ events }) => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, events);
  const view = await read(paths);
  expect(view).toMatchObject({ wantsWorker: false, needsWorker: false });
  expect(view.problems).toEqual([
    expect.stringMatching(/^Its start was lost .* Start a new session with the same task/),
  ]);
  expect([isLost(view), needsHuman(view)]).toEqual([true, true]);
  expect(view.state.status).toEqual({ kind: 'starting', since: '2026-01-08T10:00:00.000Z' });
});

test('a run folder without command and events was never started', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.sessionFile, JSON.stringify(sessionFileSample({ folder: '26-01-08-x' })));
  expect(await read(paths)).toMatchObject({
    wantsWorker: false,
    problems: [expect.stringContaining('lost')],
  });
});

test.each<{ events: NewEvent[] }>([{ events: [] }, { events: [ACCEPTED] }])(
  'a start whose command is still queued is not lost: $events.length events',
  async ({ events }) => {
    await using dir = await tempDir();
    const paths = sessionPaths(dir.path, '26-01-08-x');
    await writeEvents(paths, events);
    const at = new Date(systemClock.now()).toISOString();
    await leaveCommand(paths, { v: 1, id: START_ID, by: BY, at, kind: 'start', run: true });
    const view = await read(paths);
    expect(view).toMatchObject({ needsWorker: true, problems: [] });
    expect(isLost(view)).toBe(false);
  },
);

test('a session whose start only a newer program can read is not lost', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, []);
  await writeFile(join(paths.runDir, 'events.jsonl'), '{"v":9,"type":"begun"}\n');
  const view = await read(paths);
  expect(isLost(view)).toBe(false);
  expect(view.problems).toEqual([
    'A newer samocode has worked on this session (format 9; this one knows 2). Update samocode here to continue it.',
  ]);
});
