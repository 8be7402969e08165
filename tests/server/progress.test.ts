import type { Progress } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { CREATED, PREPARED } from '../session/events.ts';
import { makeDesk } from './desk.ts';

const TIMES = 50;

/** Milliseconds of every pause that was asked for. */
const asked: number[] = [];

/** A second of it lasts a fiftieth of one. */
const quickClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * TIMES,
  sleep: (ms, signal) => {
    asked.push(ms);
    return systemClock.sleep(ms / TIMES, signal);
  },
};

const waiting = { session: 'boat', until: 'done', cursor: 3, timeout_s: 44 };

async function deskWithBoat() {
  const desk = await makeDesk({ clock: quickClock });
  await desk.lay('26-01-08-boat', [
    CREATED,
    PREPARED,
    { type: 'parked', for: 'human_action', resumePhase: 'planning', openQuestions: [], unconfirmed: [] },
  ]);
  return desk;
}

test('a wait says within 20 seconds, and again and again, that it lives', async () => {
  await using desk = await deskWithBoat();
  const told: Progress[] = [];
  asked.length = 0;
  const onprogress = (progress: Progress) => told.push(progress);
  const result = await desk.client.callTool({ name: 'wait', arguments: waiting }, undefined, { onprogress });
  expect(result.structuredContent).toMatchObject({ changed: false });
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(told).toEqual(told.map((_, index) => ({ progress: index + 1, message: 'waiting for boat' })));
  // Below what Claude Code takes for idle; the pauses of its looks at the files are shorter.
  const pauses = asked.filter((ms) => ms > 5000);
  expect(pauses.length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(20_000);
});

test('who did not ask for progress is told of none, and a wait that is over says nothing more', async () => {
  await using desk = await deskWithBoat();
  const strays: unknown[] = [];
  desk.client.fallbackNotificationHandler = async (notification) => {
    strays.push(notification);
  };
  desk.client.onerror = (error) => strays.push(error);
  await desk.client.callTool({ name: 'wait', arguments: waiting });
  const cut = new AbortController();
  const cancelled = desk.client.callTool({ name: 'wait', arguments: waiting }, undefined, {
    signal: cut.signal,
    onprogress: () => cut.abort('enough'),
  });
  await expect(cancelled).rejects.toThrow('enough');
  // Whatever the server still says of the calls before comes before this answer.
  await desk.client.callTool({ name: 'wait', arguments: { ...waiting, timeout_s: 1 } });
  // As long as three beats of what should be over.
  await quickClock.sleep(45_000);
  expect(strays).toEqual([]);
});
