import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { hostWith } from '../../../support/hosts.ts';
import { ASKING, BLOCKED, DONE } from '../session/events.ts';
import { restedSession } from './rested-session.ts';

const STARTED: NewEvent = {
  ...{ type: 'iteration_started', iteration: 1, phase: 'investigation', provider: 'rehearsal', model: '' },
  ...{ log: 'l', childUuid: 'u', timeLimitMs: 1, credentials: [], sandbox: 'none' },
};
const limited = (until: number): NewEvent => ({ type: 'limited', until, guessed: false, provider: 'claude' });

test.each<[string, NewEvent[]]>([
  ['waits', [ASKING]],
  ['is blocked', [BLOCKED]],
  ['is blocked with an iteration that is open', [STARTED, BLOCKED]],
  [
    'has an open iteration of an agent that this build lacks',
    [{ ...STARTED, provider: 'gone' } as NewEvent, BLOCKED],
  ],
  ['is limited for an hour', [limited(Date.now() + 3_600_000)]],
  ['is limited for a few seconds', [limited(Date.now() + 20_000)]],
  ['is queued', [{ type: 'queued', reason: 'full' }]],
])('a stop of a session that %s is recorded by the worker that it starts', async (_how, rest) => {
  await using session = await restedSession(...rest);
  await session.leave({ kind: 'stop', when: 'now' });
  await session.work();
  const { state, pendingCommands } = await session.view();
  expect(state.status).toMatchObject({ kind: 'stopped', by: { channel: 'cli' } });
  expect(pendingCommands).toEqual([]);
  expect((await session.events()).at(-1)).toMatchObject({ type: 'worker_left', why: 'stopped' });
});

test.each<[string, NewEvent[]]>([
  ['stopped', [{ type: 'stopped', by: { channel: 'cli' }, why: 'asked for' }]],
  ['stopped while its checks ran', [STARTED, { type: 'stopped', by: { channel: 'cli' }, why: 'asked for' }]],
  ['done', [DONE]],
])('a stop of a session that is %s starts nothing and reports that nothing runs', async (_how, rest) => {
  await using session = await restedSession(...rest);
  const { sessionsDir, folder } = session.paths;
  const cwd = dirname(sessionsDir);
  await mkdir(join(cwd, 'worktrees'));
  await writeFile(
    join(cwd, '.samocode'),
    `MAIN_REPO=${cwd}\nWORKTREES=${cwd}/worktrees\nSESSIONS=${sessionsDir}\n`,
  );
  const context = {
    ...{ clock: systemClock, host: hostWith([]), env: {}, home: join(cwd, 'home'), cwd },
    ...{ by: { channel: 'cli' as const }, programs: { worker: '/nowhere', rehearsal: '/nowhere' } },
  };
  expect(await stopSession({ session: folder, when: 'now' }, context)).toMatchObject({
    outcome: 'not_running',
  });
  expect(await session.events()).toEqual([]);
});

test('a stop that comes too late is refused with the reason', async () => {
  await using session = await restedSession(DONE);
  await session.leave({ kind: 'stop', when: 'now' });
  await session.work();
  expect(await session.events()).toContainEqual(
    expect.objectContaining({ type: 'command_refused', message: 'The session is already done.' }),
  );
});
