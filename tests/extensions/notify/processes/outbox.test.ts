// @module-tag ci
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { identityAt } from '../../../../src/core/kernel/files/path-stats.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { NotifyChannel } from '../../../../src/extensions/notify/channels/channel.ts';
import { ASKING, BLOCKED, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { hookServer } from '../../../support/hook-server.ts';
import { stoppedPage } from '../../../support/stopped-page.ts';
import { more, type OutboxScene, outboxScene } from '../unit/outbox-scene.ts';

const BEGUN: NewEvent[] = [CREATED, PREPARED];
const WAITS: NewEvent[] = [...BEGUN, ASKING];
const HOUR_MS = 3_600_000;
const FALLBACK: NewEvent = { type: 'notice', code: 'fallback', text: 'codex continues' };

/** Adds sessions that have just finished, which needs no person. */
async function someDone(here: OutboxScene, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await here.session(`done-${index}`, { events: [...BEGUN, DONE], startMs: here.startMs });
}

/** Quiet hours that begin with the hour of `ms`. */
function twoHoursFrom(ms: number): string {
  const hour = new Date(ms).getHours();
  return [hour, hour + 2].map((each) => `${String(each % 24).padStart(2, '0')}:00`).join('-');
}

test('a clock that was hours ahead suppresses nothing once it is corrected, with or without a restart', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { startMs } = here;
  const { clock } = here.supervisor;
  clock.nowMs = startMs + 8 * HOUR_MS;
  const first = here.watching();
  const known = await here.session('known', { events: BEGUN, startMs });
  await first.poll();
  clock.nowMs = startMs;
  await more(known, WAITS, 2, startMs);
  await here.session('made', { events: WAITS, startMs });
  await first.poll();
  expect(hook.ids()).toEqual(['known:3', 'made:3']);
  await here.session('later', { events: WAITS, startMs });
  await here.watching().poll();
  expect(hook.ids()).toEqual(['known:3', 'made:3', 'later:3']);
});

test('a notice of a session that is gone, whose name another one has, holds up no other notice', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { startMs } = here;
  const { sessionsDir } = await here.session('s', { events: [...BEGUN, BLOCKED], startMs });
  const left = { kind: 'blocked', session: 's', sessionsDir, text: 'gone', to: ['webhook'] };
  const at = new Date(startMs).toISOString();
  const notices = [
    { ...left, at, id: 'gone:40' },
    { ...left, at, id: 'gone:41', kind: 'done' },
    { ...left, at, id: 'gone:42', kind: 'a kind of another version' },
  ];
  const state = { v: 1, since: at, read: {}, known: [], notices, channels: {} };
  await mkdir(dirname(here.supervisor.paths.outbox), { recursive: true });
  await writeFile(here.supervisor.paths.outbox, JSON.stringify(state));
  const { poll } = here.watching();
  await poll();
  await poll();
  expect(hook.ids()).toEqual(['gone:41', 's:3']);
});

test('events recorded during a scan do not count as settled', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { startMs } = here;
  const all = [...BEGUN, FALLBACK, ASKING];
  const paths = await here.session('s', { events: all.slice(0, 3), startMs });
  const { poll } = here.watching();
  await poll(() => more(paths, all, 3, startMs));
  await poll();
  expect(hook.ids()).toEqual(['s:3', 's:4']);
});

test('two channels each get every change once, and one that fails delays no other', async () => {
  await using here = await outboxScene();
  const sent: Record<string, string[]> = { desktop: [], command: [] };
  let isBroken = true;
  const channel = (name: 'desktop' | 'command'): NotifyChannel => ({
    name,
    async send({ id }) {
      if (name === 'command' && isBroken) throw new Error('something unforeseen');
      sent[name]?.push(id);
    },
  });
  await here.session('s', { events: WAITS, startMs: here.startMs });
  const { poll } = here.watching({ channels: () => [channel('command'), channel('desktop')] });
  await poll();
  expect(sent).toEqual({ desktop: ['s:3'], command: [] });
  expect((await here.state('command'))?.failing?.why).toBe('Internal error: see supervisor.stderr.');
  isBroken = false;
  here.supervisor.clock.pass(6000);
  await poll();
  expect(sent).toEqual({ desktop: ['s:3'], command: ['s:3'] });
  expect((await here.state('command'))?.failing).toBeUndefined();
});

test('a message that fails for an unknown reason is given up after six attempts, and then later ones are sent', async () => {
  await using here = await outboxScene();
  const tried: string[] = [];
  const channel: NotifyChannel = {
    name: 'telegram',
    async send({ id, session }) {
      tried.push(id);
      if (session === 'bad') throw new Error('something unforeseen');
    },
  };
  const { startMs } = here;
  await here.session('bad', { events: WAITS, startMs });
  await here.session('good', { events: WAITS, startMs: startMs + 1 });
  const { poll, begin, outbox } = here.watching({ channels: () => [channel] });
  await poll();
  expect(tried).toEqual(['bad:3']);
  expect(await begin()).toBe(here.supervisor.clock.monotonic() + 5000);
  await outbox.rest();
  for (let round = 0; round < 9; round += 1) {
    here.supervisor.clock.pass(900_000);
    await poll();
  }
  expect(tried).toEqual([...Array.from({ length: 6 }, () => 'bad:3'), 'good:3']);
});

test('a webhook that answers 500 for a day is retried with growing delays, and then receives what still applies', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  hook.answer = { status: 500 };
  const { startMs } = here;
  const answered = await here.session('answered', { events: WAITS, startMs });
  await here.session('waits', { events: WAITS, startMs });
  const { begin, poll, outbox } = here.watching();
  await poll();
  await poll();
  expect(hook.posts).toHaveLength(1);
  for (let minutes = 0; minutes < 23 * 60; minutes += 5) {
    here.supervisor.clock.pass(5 * 60_000);
    await begin();
    await outbox.rest();
  }
  // Three retries within a minute and a half, then one every five and later every fifteen minutes.
  expect(hook.posts.length).toBeGreaterThan(80);
  expect(hook.posts.length).toBeLessThan(120);
  const { failing } = (await here.state('webhook')) ?? {};
  expect(failing).toMatchObject({ why: 'The server answered 500.' });
  expect(outbox.hasUndelivered()).toBe(true);
  hook.answer = { status: 200 };
  const resumed: NewEvent = { type: 'stopped', by: { channel: 'cli' }, why: 'enough' };
  await more(answered, [...WAITS, resumed], 3, startMs);
  here.supervisor.clock.pass(15 * 60_000);
  await poll();
  expect(hook.ids()).toEqual(['waits:3']);
  expect((await here.state('webhook'))?.failing).toBeUndefined();
  expect(outbox.hasUndelivered()).toBe(false);
});

test("a server's requested delay is respected, and a server that refuses is not retried", async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  hook.answer = { status: 429, headers: { 'retry-after': '120' } };
  await here.session('s', { events: WAITS, startMs: here.startMs });
  const { poll, outbox } = here.watching();
  await poll();
  here.supervisor.clock.pass(100_000);
  await poll();
  expect(hook.posts).toHaveLength(1);
  hook.answer = { status: 401 };
  here.supervisor.clock.pass(21_000);
  await poll();
  here.supervisor.clock.pass(HOUR_MS);
  await poll();
  expect(hook.posts).toHaveLength(2);
  expect((await here.state('webhook'))?.failing?.why).toBe('The server answered 401.');
  expect(outbox.hasUndelivered()).toBe(false);
});

test('an unreachable server is retried, and its address appears nowhere', async () => {
  await using here = await outboxScene();
  const hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: `${hook.url}?token=hush` });
  await hook[Symbol.asyncDispose]();
  await here.session('s', { events: WAITS, startMs: here.startMs });
  await here.watching().poll();
  const { failing } = (await here.state('webhook')) ?? {};
  expect(failing?.why).toBe('The server cannot be reached (ECONNREFUSED).');
  expect(here.lines.join('\n')).not.toContain('hush');
});

test('a send that takes too long is aborted, blocks no scan, and is repeated with a marker', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  hook.answer = 'hangs';
  await here.session('s', { events: WAITS, startMs: here.startMs });
  const { begin, outbox, poll } = here.watching({ sendMs: 300 });
  await begin();
  await begin();
  await outbox.rest();
  expect((await here.state('webhook'))?.failing?.why).toBe('No answer within 0.3 s.');
  hook.answer = { status: 200 };
  here.supervisor.clock.pass(6000);
  await poll();
  expect(hook.accepted.map(({ notifications }) => notifications[0]?.maybeRepeated)).toEqual([true]);
});

test('a stopped page holds up no notification, and no end of the supervisor', {
  timeout: 15_000,
}, async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await using _stopped = await stoppedPage(here.supervisor.home);
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  await here.session('s', { events: WAITS, startMs: here.startMs });
  const { poll, outbox } = here.watching();
  await poll();
  expect(hook.ids()).toEqual(['s:3']);
  await outbox.end();
});

test('a channel that ignores its time limit is not waited for, nor by an ending supervisor', async () => {
  await using here = await outboxScene();
  await here.session('s', { events: WAITS, startMs: here.startMs });
  const silent: NotifyChannel = { name: 'webhook', send: () => new Promise(() => {}) };
  const channels = () => [silent];
  await here.watching({ channels, sendMs: 100 }).poll();
  expect((await here.state('webhook'))?.failing?.why).toBe('No answer within 0.1 s.');
  here.supervisor.clock.pass(6000);
  const { begin, outbox } = here.watching({ channels });
  await begin();
  await outbox.end();
});

test('a supervisor that ends aborts its send, and the next one repeats it with a marker', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  hook.answer = 'hangs';
  await here.session('s', { events: WAITS, startMs: here.startMs });
  const { begin, outbox } = here.watching();
  await begin();
  await eventually(async () => hook.posts.length === 1, { what: 'the post' });
  await outbox.end();
  hook.answer = { status: 200 };
  await here.watching().poll();
  expect(hook.accepted.map(({ notifications }) => notifications[0]?.maybeRepeated)).toEqual([true]);
});

test('many notices at once come singly, each once, also after a restart in between', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const ids = Array.from({ length: 9 }, (_, index) => `done-${index}:3`);
  await someDone(here, 6);
  await here.watching().poll();
  await someDone(here, 9);
  await here.watching().poll();
  expect(hook.posts.map(({ notifications }) => notifications.length)).toEqual(ids.map(() => 1));
  expect(hook.ids()).toEqual(ids);
});

test('a notice whose SESSIONS folder went missing is sent as it was queued', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  hook.answer = { status: 500 };
  const { sessionsDir } = await here.session('away', { events: WAITS, startMs: here.startMs });
  await here.watching().poll();
  await rename(sessionsDir, `${sessionsDir}-away`);
  hook.answer = { status: 200 };
  await here.watching().poll();
  expect(hook.accepted.flatMap(({ notifications }) => notifications)).toEqual([
    expect.objectContaining({ id: 'away:3', title: 'away needs you', body: 'waiting for qa_answers' }),
  ]);
});

test('a file of another format, or a damaged one, counts as missing', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { outbox } = here.supervisor.paths;
  await mkdir(dirname(outbox), { recursive: true });
  await writeFile(outbox, '{"v":7,"notices":[');
  await here.session('s', { events: WAITS, startMs: here.startMs });
  await here.watching().poll();
  expect(hook.ids()).toEqual(['s:3']);
  expect(await here.queued()).toEqual([]);
});

test('in quiet hours only notices that need a person are sent, and the others one by one afterwards', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  const { clock } = here.supervisor;
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url, NOTIFY_QUIET: twoHoursFrom(clock.nowMs) });
  await someDone(here, 3);
  await here.session('waits', { events: WAITS, startMs: here.startMs });
  const { poll, outbox } = here.watching();
  await poll();
  expect(hook.ids()).toEqual(['waits:3']);
  expect(outbox.hasUndelivered()).toBe(true);
  clock.pass(2 * HOUR_MS);
  await poll();
  expect(hook.ids()).toEqual(['waits:3', 'done-0:3', 'done-1:3', 'done-2:3']);
});

test('a muted session and a muted project send nothing, not even later', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { muted } = here.supervisor.paths;
  const config = join(here.root, 'muted.samocode');
  await writeFile(config, 'NOTIFY=off\n');
  await mkdir(muted, { recursive: true });
  await writeFile(join(muted, 'hushed.json'), '');
  const { startMs } = here;
  await here.session('hushed', { events: WAITS, startMs });
  const paths = await here.session('loud', { events: WAITS, startMs });
  await here.session('of-project', { events: WAITS, startMs, configPath: config });
  const { poll } = here.watching();
  await poll();
  expect(hook.ids()).toEqual(['loud:3']);
  await rm(muted, { recursive: true });
  await rm(config);
  await more(paths, [...WAITS, DONE], 3, startMs);
  await poll();
  expect(hook.ids()).toEqual(['loud:3', 'loud:4']);
});

test('a channel added later gets no earlier notices, and a changed one is retried at once', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.session('before', { events: WAITS, startMs: here.startMs });
  const { poll } = here.watching();
  await poll();
  const { clock } = here.supervisor;
  clock.pass(HOUR_MS);
  await here.settings({ NOTIFY_WEBHOOK_URL: 'http://127.0.0.1:1/' });
  await here.session('after', { events: WAITS, startMs: clock.nowMs });
  await poll();
  expect((await here.state('webhook'))?.failing).toBeDefined();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  await poll();
  expect(hook.ids()).toEqual(['after:3']);
});

test('a question of a session that was removed is not sent; one whose disk is away is, even before an empty folder', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { startMs } = here;
  const removed = await here.session('removed', { events: WAITS, startMs });
  await here.session('kept', { events: BEGUN, startMs });
  const away = await here.session('away', { events: WAITS, startMs }, 'other');
  hook.answer = { status: 503 };
  await here.watching().poll();
  await rm(removed.runDir, { recursive: true });
  await rm(removed.sessionDir, { recursive: true });
  await rename(away.sessionsDir, `${away.sessionsDir}-away`);
  await mkdir(away.sessionsDir);
  hook.answer = { status: 200 };
  await here.watching().poll();
  expect(hook.ids().at(-1)).toBe('away:3');
  expect(await here.queued()).toEqual([]);
});

test('notices are given up after a week, and how far deleted sessions were read is forgotten', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { startMs } = here;
  const { clock } = here.supervisor;
  const paths = await here.session('sent', { events: WAITS, startMs });
  await here.watching().poll();
  hook.answer = { status: 503 };
  const other = await here.session('unsent', { events: WAITS, startMs });
  await here.watching().poll();
  clock.pass(25 * HOUR_MS);
  await here.watching().poll();
  expect((await here.queued()).map(({ id }) => id)).toEqual(['unsent:3']);
  clock.pass(7 * 24 * HOUR_MS);
  await rm(paths.runDir, { recursive: true });
  await rm(paths.sessionDir, { recursive: true });
  await more(other, [...WAITS, DONE], 3, clock.nowMs - 3000);
  await here.watching().poll();
  expect((await here.queued()).map(({ id }) => id)).toEqual(['unsent:4']);
  expect(await here.state('webhook')).toMatchObject({ givenUp: 1 });
  const { read } = JSON.parse(await readFile(here.supervisor.paths.outbox, 'utf8'));
  expect(Object.keys(read)).toEqual([expect.stringMatching(/unsent$/)]);
});

test('how far a log without news was read is written with the next change, or after a minute', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: hook.url });
  const { startMs, supervisor } = here;
  const { poll } = here.watching();
  const first = await here.session('s', { events: [CREATED], startMs });
  await poll();
  const written = identityAt(supervisor.paths.outbox);
  await more(first, BEGUN, 1, startMs);
  await poll();
  expect(identityAt(supervisor.paths.outbox)).toBe(written);
  supervisor.clock.pass(61_000);
  await poll();
  const readOf = async () => JSON.parse(await readFile(supervisor.paths.outbox, 'utf8')).read;
  expect(Object.values(await readOf())).toEqual([2]);
  await more(first, [...BEGUN, BLOCKED], 2, startMs);
  await poll();
  expect(Object.values(await readOf())).toEqual([3]);
  expect(hook.ids()).toEqual(['s:3']);
});

test('a channel that is not configured for a while gets what happened meanwhile; after a day it is forgotten', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  const { clock } = here.supervisor;
  const env = { NOTIFY_WEBHOOK_URL: hook.url };
  await here.settings(env);
  const { poll } = here.watching();
  await poll();
  await here.settings({ NOTIFY_WEBHOOK_URL: 'mistyped' });
  await here.session('first', { events: WAITS, startMs: here.startMs });
  await poll();
  clock.pass(HOUR_MS);
  await here.settings(env);
  await poll();
  expect(hook.ids()).toEqual(['first:3']);
  await here.settings({});
  await here.session('second', { events: WAITS, startMs: here.startMs });
  await poll();
  clock.pass(25 * HOUR_MS);
  await poll();
  expect([await here.queued(), await here.state('webhook')]).toEqual([[], undefined]);
  await here.settings(env);
  await poll();
  expect(hook.ids()).toEqual(['first:3']);
});

test('settings behind a link are read when their file changes', async () => {
  await using here = await outboxScene();
  await using hook = await hookServer();
  await here.settings({ NOTIFY_WEBHOOK_URL: 'http://127.0.0.1:1/' });
  const path = join(here.supervisor.home, '.config/samocode/.env');
  await rename(path, join(here.root, 'dotfile'));
  await symlink(join(here.root, 'dotfile'), path);
  await here.session('s', { events: WAITS, startMs: here.startMs });
  const { poll } = here.watching();
  await poll();
  await writeFile(join(here.root, 'dotfile'), `NOTIFY_WEBHOOK_URL=${hook.url}\n`);
  await poll();
  expect(hook.ids()).toEqual(['s:3']);
});
