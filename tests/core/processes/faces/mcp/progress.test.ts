// @module-tag ci
import { writeFile } from 'node:fs/promises';
import { EmptyResultSchema, type Progress } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { getStatus } from '../../../../../src/core/caller/facts/get-status.ts';
import { waitProgress } from '../../../../../src/core/faces/mcp/progress.ts';
import type { Clock } from '../../../../../src/core/kernel/clock.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { quickClock } from '../../../../support/quick-clock.ts';
import { STARTED } from '../../../../support/work-events.ts';
import { CREATED, PREPARED } from '../../../unit/session/events.ts';

/** The requested pauses in milliseconds. */
const asked: number[] = [];

/** One second lasts a fiftieth of a second. */
const quick = quickClock(50, { pauses: 'short' });
const clock: Clock = {
  ...quick,
  sleep: (ms, signal) => {
    asked.push(ms);
    return quick.sleep(ms, signal);
  },
};

const BOAT_WAITS = '26-01-08-boat waits for something that a person must do.';

const WORKING = { ...STARTED, iteration: 12, phase: 'implementation' } as const;

function expectToGrow(reported: readonly { progress: number }[]): void {
  const values = reported.map(({ progress }) => progress);
  expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
}

const waiting = { session: 'boat', until: 'done', cursor: 3, timeout_s: 44 };

async function deskWithBoat() {
  const serverRig = await makeServerRig({ clock });
  await serverRig.addSession('26-01-08-boat', [
    CREATED,
    PREPARED,
    { type: 'parked', for: 'human_action', resumePhase: 'planning', openQuestions: [], unconfirmed: [] },
  ]);
  return serverRig;
}

test('a wait sends progress at least every 20 seconds', async () => {
  await using serverRig = await deskWithBoat();
  const reported: Progress[] = [];
  asked.length = 0;
  const onprogress = (progress: Progress) => reported.push(progress);
  const result = await serverRig.client.callTool({ name: 'wait', arguments: waiting }, undefined, {
    onprogress,
  });
  expect(result.structuredContent).toMatchObject({ changed: false });
  expect(reported.length).toBeGreaterThanOrEqual(2);
  // A busy machine has not read the session yet after the first two seconds, which are 40 ms here.
  const told = reported.map(({ message }) => message).filter((message) => message !== 'waiting');
  expect(new Set(told)).toEqual(new Set([BOAT_WAITS]));
  expectToGrow(reported);
  // Shorter than the idle limit of Claude Code; the pauses between polls of the files are shorter.
  const pauses = asked.filter((ms) => ms > 5000);
  expect(pauses.length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(20_000);
});

test('the progress of a wait says what the agent is doing, and how far the session has come', async () => {
  await using serverRig = await makeServerRig();
  const paths = await serverRig.addSession('26-01-08-船🚤', [CREATED, PREPARED, WORKING]);
  const now = { activity: 'Bash: npm test\u001b[31m\n# 船', total: 12 };
  await writeFile(paths.now, JSON.stringify(now));
  const report = await getStatus({ session: '26-01-08-船🚤' }, serverRig.context);
  expect(waitProgress([report])).toBe('implementation (5 of 8), iteration 12: Bash: npm test # 船');
});

test('the progress of a wait for several sessions describes three of them', async () => {
  await using serverRig = await deskWithBoat();
  for (const name of ['car', 'ship', 'tram'])
    await serverRig.addSession(`26-01-08-${name}`, [CREATED, PREPARED, WORKING]);
  const names = ['car', 'boat', 'ship', 'tram'];
  const reports = await Promise.all(names.map((session) => getStatus({ session }, serverRig.context)));
  const at = 'implementation (5 of 8), iteration 12';
  expect(waitProgress(reports)).toBe(`26-01-08-car: ${at}; ${BOAT_WAITS}; 26-01-08-ship: ${at}; and 1 more`);
});

test('a client that did not request progress gets none, and a finished wait sends no more', async () => {
  await using serverRig = await deskWithBoat();
  const strays: unknown[] = [];
  serverRig.client.fallbackNotificationHandler = async (notification) => {
    strays.push(notification);
  };
  serverRig.client.onerror = (error) => strays.push(error);
  await serverRig.client.callTool({ name: 'wait', arguments: waiting });
  const cut = new AbortController();
  const cancelled = serverRig.client.callTool({ name: 'wait', arguments: waiting }, undefined, {
    signal: cut.signal,
    onprogress: () => cut.abort('enough'),
  });
  await expect(cancelled).rejects.toThrow('enough');
  // Anything the server still sends about earlier calls arrives before this answer.
  await serverRig.client.callTool({ name: 'wait', arguments: { ...waiting, timeout_s: 1 } });
  // Three times the interval of the notifications that should have stopped.
  await quick.sleep(45_000);
  expect(strays).toEqual([]);
});

const MALFORMED: ReadonlyArray<[string, Record<string, unknown> | undefined]> = [
  ['tools/call', undefined],
  ['tools/call', { arguments: {} }],
  ['tools/call', { name: 'list_sessions', arguments: null }],
  ['tools/call', { name: 'list_sessions', arguments: ['x'] }],
  ['tools/call', { name: 5 }],
  ['resources/read', {}],
  ['resources/subscribe', { uri: 7 }],
  ['prompts/get', { name: 'start', arguments: { task: 5 } }],
  ['completion/complete', { ref: { type: 'ref/nothing' }, argument: {} }],
];

test.each(MALFORMED)('%s with %j is refused for its arguments', async (method, params) => {
  await using serverRig = await makeServerRig();
  const asked = serverRig.client.request({ method, ...(params && { params }) }, EmptyResultSchema);
  await expect(asked).rejects.toMatchObject({ code: -32602 });
});
