// @module-tag ci
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { readHolding } from '../../../../src/core/kernel/processes/lease.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { hostWith } from '../../../support/hosts.ts';
import { ASKING, BLOCKED, DONE } from '../../unit/session/events.ts';
import { restedSession } from '../../unit/worker/rested-session.ts';

const WAITS: NewEvent = { ...ASKING, flow: 'Waiting for answers: Q1' } as NewEvent;
const IN_AN_HOUR = Date.now() + 3_600_000;

test.each<[string, NewEvent]>([
  ['waiting', WAITS],
  ['blocked', BLOCKED],
  ['limited', { type: 'limited', until: IN_AN_HOUR, guessed: false, provider: 'claude' }],
  ['stopped', { type: 'stopped', by: { channel: 'cli' }, why: 'asked for' }],
  ['done', DONE],
])('the worker of a session that is %s leaves, and logs why', async (kind, event) => {
  await using session = await restedSession(event);
  await session.work();
  expect(await session.events()).toMatchObject([
    { type: 'worker_took_over' },
    { type: 'worker_left', why: kind },
  ]);
  expect((await session.view()).state.status.kind).toBe(kind);
  expect(await readHolding(session.paths.leases, hostWith([]))).toMatchObject({ kind: 'released' });
});

test('a worker writes every line that earlier ones could not write', async () => {
  const notices = Array.from(
    { length: 60 },
    (_, index): NewEvent => ({
      type: 'notice',
      code: 'test',
      text: `Notice ${index}.`,
      flow: `Flow ${index}`,
    }),
  );
  await using session = await restedSession(...notices, WAITS);
  const { paths } = session;
  await writeFile(paths.sessionLog, '[01-08 10:00] session created (#1)\n');
  await session.work();
  const log = await readFile(paths.sessionLog, 'utf8');
  expect(notices.filter((_, index) => !log.includes(`Notice ${index}.`))).toEqual([]);
  const overview = await readFile(paths.overview, 'utf8');
  expect(overview).toContain('Flow 59');
  expect(overview).toContain('Waiting for answers: Q1');
});

test('whichever write a full disk refuses first, the worker leaves and the next one completes it', async () => {
  const refused: boolean[] = [];
  for (let atWrite = 1; refused.at(-1) !== false; atWrite += 1) {
    await using session = await restedSession(WAITS);
    const { paths } = session;
    await session.work();
    const { length } = await session.events();
    {
      using full = fullDisk({ atWrite, bytes: 0 });
      // Only writes that must precede everything else are waited for; a person frees disk space in the meantime.
      const sleep = async () => {
        expect(await session.events()).toHaveLength(length);
        full[Symbol.dispose]();
      };
      const work = session.work({ clock: { ...systemClock, sleep } });
      await work.catch((error) => expect(error).toMatchObject({ code: 'ENOSPC' }));
      refused.push(full.failed());
    }
    await session.work();
    const view = await session.view();
    expect(view).toMatchObject({ worker: 'none', state: { status: { kind: 'waiting' } }, problems: [] });
    expect((await session.events()).at(-1)?.type).toBe('worker_left');
    expect(await readFile(paths.overview, 'utf8')).toContain('Waiting for answers: Q1');
    expect(await readFile(paths.sessionLog, 'utf8')).toContain('waiting for qa_answers (#3)');
  }
  expect(refused.length).toBeGreaterThan(5);
});

test('a queued session names what holds it up now, and has waited since it was queued', async () => {
  await using session = await restedSession({ type: 'queued', reason: 'the limit of a day is reached' });
  const before = (await session.view()).state.status;
  // The settings of the machine cannot be read.
  await mkdir(join(dirname(session.paths.sessionsDir), '.config/samocode/.env'), { recursive: true });
  await session.work();
  const { status } = (await session.view()).state;
  expect(status).toMatchObject({ kind: 'queued', since: before.since });
  expect(status).toMatchObject({ reason: expect.stringContaining('cannot be read') });
  const { length } = await session.events();
  await session.work();
  const later = (await session.events()).slice(length);
  expect(later.filter(({ type }) => type === 'queued')).toEqual([]);
});
