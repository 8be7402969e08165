import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { trustFile } from '../../../../src/core/project/finding/trust.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { clearHeldUp, noteHeldUp } from '../../../../src/core/session/folder/held-up.ts';
import { ownedElsewhere, recordElsewhere } from '../../../../src/core/session/folder/ownership.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { AUTO_ASSIGN } from '../../../../src/core/session/layout/owners.ts';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { stateLine, statusSentence } from '../../../../src/core/session/words/words.ts';
import { Scan } from '../../../../src/core/supervisor/scan.ts';
import { NOTIFY_ERRORS, type NotifyChannel } from '../../../../src/extensions/notify/channels/channel.ts';
import { compose } from '../../../../src/extensions/notify/notice/compose.ts';
import { Notice } from '../../../../src/extensions/notify/notice/kinds.ts';
import { Outbox } from '../../../../src/extensions/notify/outbox/outbox.ts';
import { nameChannels, queue } from '../../../../src/extensions/notify/outbox/outbox-file.ts';
import { ASKING, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import { MINUTE_MS, type Scene } from '../../../core/unit/supervisor/scene.ts';
import { hostWith } from '../../../support/hosts.ts';
import { more, type OutboxScene, outboxScene } from './outbox-scene.ts';

const BEGUN: NewEvent[] = [CREATED, PREPARED];

/** What `SILENT` was given. */
const tried: string[] = [];
/** A channel that takes nothing, so that everything stays queued. */
const SILENT: NotifyChannel = {
  name: 'webhook',
  async send({ id }) {
    tried.push(id);
    throw NOTIFY_ERRORS.undelivered({ channel: 'webhook', why: 'Busy.', retry: 'later', retryAfterMs: 1e9 });
  },
};

/** The outbox of a restarted supervisor: new memory, the same files. */
function outboxOf({ supervisor }: Scene) {
  const outbox = new Outbox(supervisor, () => undefined, { channels: () => [SILENT] });
  return async (scan: Partial<Scan>) => {
    await outbox.poll({ sessions: new Map(), pauses: [], ...scan });
    await outbox.rest();
  };
}

const watching = (here: OutboxScene) => here.watching({ channels: () => [SILENT] }).poll;

test('sessions in a place that an untrusted file names are left alone, about which the person is notified once', async () => {
  await using here = await outboxScene();
  const { home, clock } = here.supervisor;
  const { sessionsDir: sessions } = await here.session('26-01-08-boats', {
    events: [CREATED, PREPARED, ASKING],
  });
  const mainRepo = join(here.root, 'clone');
  const filePath = join(mainRepo, '.samocode');
  await mkdir(mainRepo);
  await writeFile(filePath, '');
  await rememberProject({ filePath, mainRepo, sessions }, { homeDir: home, clock });
  for (const _ of ['first', 'restarted']) {
    const scan = new Scan(here.supervisor);
    await scan.read();
    await scan.read();
    expect([scan.sessions.size, scan.pauses.length]).toEqual([0, 1]);
    await outboxOf(here)(scan);
  }
  expect(await here.queued()).toEqual([
    expect.objectContaining({
      session: 'clone',
      text: expect.stringContaining(`samocode trust ${mainRepo}`),
    }),
  ]);
  await trustFile(filePath, fingerprint(''), { homeDir: home, clock });
  const scan = new Scan(here.supervisor);
  await scan.read();
  expect([scan.sessions.size, scan.pauses.length]).toEqual([1, 0]);
});

test('a session whose worker has waited for its disk for ten seconds is notified once', async () => {
  await using here = await outboxScene();
  const paths = await here.session('26-01-08-boat', { events: BEGUN, lease: { owner: 'alive' } });
  const look = watching(here);
  const ofDisk = async () => (await here.queued()).filter(({ kind }) => kind === 'disk');
  noteHeldUp(paths, Object.assign(new Error('EDQUOT'), { code: 'EDQUOT' }));
  for (const passedMs of [9000, 500]) {
    await look();
    here.supervisor.clock.pass(passedMs);
  }
  await look();
  expect(await ofDisk()).toEqual([]);
  for (const passedMs of [1000, 60_000]) {
    here.supervisor.clock.pass(passedMs);
    await look();
  }
  clearHeldUp(paths);
  here.supervisor.clock.pass(60_000);
  await look();
  expect(await ofDisk()).toEqual([
    expect.objectContaining({
      session: paths.folder,
      text: expect.stringMatching(/^The disk with .* is full \(the quota is used up\), so /),
    }),
  ]);
});

test('a pause by the supervisor is notified once, also without a session', async () => {
  await using here = await outboxScene();
  const pause = {
    id: 'r:paused:0',
    at: new Date(here.startMs).toISOString(),
    session: 'nightly',
    text: 'why',
  };
  for (const _ of ['first', 'restarted']) {
    const scan = new Scan(here.supervisor);
    scan.notifyPause(pause);
    await outboxOf(here)(scan);
    expect(scan.pauses).toEqual([]);
  }
  const [queued, ...more] = await here.queued();
  expect(more).toEqual([]);
  expect(queued && (await compose(Notice.parse(queued), undefined))).toMatchObject({
    kind: 'recurring_paused',
    needsPerson: true,
    title: 'nightly is paused: nothing more of it starts',
    body: 'why',
  });
});

test('for a session older than the first supervisor, only later events are notified', async () => {
  await using here = await outboxScene();
  const startMs = here.startMs - 60 * MINUTE_MS;
  const paths = await here.session('s', { events: BEGUN, startMs });
  const scan = watching(here);
  await scan();
  await more(paths, [...BEGUN, ASKING], 2, startMs);
  await scan();
  expect((await here.queued()).map(({ id }) => id)).toEqual(['s:3']);
});

test('the event that made a session start the first supervisor is queued, older ones are not', async () => {
  await using here = await outboxScene();
  await here.session('new', { events: [...BEGUN, ASKING], startMs: here.startMs - 3000 });
  await here.session('old', { events: [...BEGUN, ASKING], startMs: here.startMs - 60 * MINUTE_MS });
  await watching(here)();
  expect((await here.queued()).map(({ id }) => id)).toEqual(['new:3']);
});

test('a change is queued once across restarts', async () => {
  await using here = await outboxScene();
  const paths = await here.session('s', { events: [...BEGUN, ASKING], startMs: here.startMs });
  for (let round = 0; round < 3; round += 1) {
    const scan = watching(here);
    await scan();
    await scan();
  }
  expect(await here.queued()).toHaveLength(1);
  await more(paths, [...BEGUN, ASKING, DONE], 3, here.startMs);
  await watching(here)();
  expect(await here.noticed()).toEqual(['s:3', 's:4']);
});

test('a session created again under the same name is notified', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  const { runDir } = await here.session('s', { id: 'one', events: [...BEGUN, ASKING], startMs });
  await watching(here)();
  await rm(runDir, { recursive: true });
  await here.session('s', { id: 'two', events: [...BEGUN, ASKING], startMs });
  await watching(here)();
  await watching(here)();
  expect(await here.noticed()).toEqual(['one:3', 'two:3']);
});

test('nothing is sent from an outbox that cannot be written; it is reported, and what it lacked follows once', async () => {
  await using here = await outboxScene();
  const { outbox: path } = here.supervisor.paths;
  await here.session('s', { events: [...BEGUN, ASKING], startMs: here.startMs });
  await mkdir(path, { recursive: true });
  tried.length = 0;
  const scan = new Scan(here.supervisor);
  const reported: string[] = [];
  const report = (what: string) => void reported.push(what);
  const outbox = new Outbox(here.supervisor, report, { channels: () => [SILENT] });
  for (let round = 0; round < 3; round += 1) {
    await scan.read();
    await outbox.poll(scan);
    await outbox.rest();
  }
  expect(reported).toContain('outbox.json');
  expect(tried).toEqual([]);
  await rm(path, { recursive: true });
  here.supervisor.clock.pass(MINUTE_MS);
  await outbox.poll(scan);
  await outbox.rest();
  expect((await here.queued()).map(({ id }) => id)).toEqual(['s:3']);
  expect(tried).toEqual(['s:3']);
});

test('two folders with the log of one session do not fill the queue', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  await here.session('a', { id: 'same', events: [...BEGUN, ASKING], startMs });
  await here.session('b', { id: 'same', events: [...BEGUN, ASKING, DONE], startMs });
  const scan = watching(here);
  for (let round = 0; round < 5; round += 1) await scan();
  expect(await here.noticed()).toEqual(['same:3', 'same:4']);
});

test('a session of another identity sends nothing, even once it is done or passes to this one', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  const lease = { supervisor: 'another', released: true };
  await here.session('waits', { events: [...BEGUN, ASKING], startMs, lease });
  const paths = await here.session('done', { events: [...BEGUN, DONE], startMs, lease });
  const scan = watching(here);
  await scan();
  await here.lease(paths, { number: 2, released: true });
  await scan();
  expect(await here.queued()).toEqual([]);
});

test('a crash loop is queued once', async () => {
  await using here = await outboxScene();
  const atMs = here.startMs;
  const paths = await here.session('s', { events: BEGUN, startMs: atMs, lease: { atMs } });
  for (const number of [2, 3, 4]) await here.lease(paths, { number, atMs });
  const scan = new Scan(here.supervisor);
  const poll = outboxOf(here);
  for (let round = 0; round < 3; round += 1) {
    await scan.run();
    await poll(scan);
  }
  expect((await here.queued()).map(({ id }) => id)).toEqual(['s:crash_loop:4']);
});

test('a session that no machine of the pool can take is queued once, by its own supervisor, after five minutes', async () => {
  await using here = await outboxScene();
  const { clock, identity } = here.supervisor;
  const plan = { events: [CREATED], startMs: here.startMs, pool: true } as const;
  const elsewhere = { owner: 'elsewhere', supervisor: '' } as const;
  const [mine, others] = [
    await here.session('mine', { ...plan, lease: elsewhere }),
    await here.session('others', { ...plan, lease: elsewhere }),
  ];
  for (const { leases } of [mine, others]) await ownedElsewhere({ leases }, 'pool', { clock });
  const unmet = { needs: ['codex', 'guard'] };
  await recordElsewhere(mine, AUTO_ASSIGN, { ...unmet, supervisor: identity }, clock);
  await recordElsewhere(others, AUTO_ASSIGN, unmet, clock);
  const scan = new Scan(here.supervisor);
  const poll = outboxOf(here);
  clock.pass(5 * MINUTE_MS);
  await scan.run();
  await poll(scan);
  expect(await here.queued()).toEqual([]);
  clock.pass(1);
  for (let round = 0; round < 3; round += 1) {
    await scan.run();
    await poll(scan);
  }
  const [notice, ...more] = await here.queued();
  expect(more).toEqual([]);
  expect(notice).toMatchObject({ id: expect.stringMatching(/^mine:lacks:/), kind: 'queued' });
  expect(notice?.text).toContain('No machine of the pool has codex and guard.');
  const view = [...scan.sessions.values()].find(({ view: { folder } }) => folder === 'mine')?.view;
  expect(view && statusSentence(view)).toBe('mine waits for a host with codex and guard.');
  await recordElsewhere(mine, AUTO_ASSIGN, { needs: [] }, clock);
  await scan.run();
  const after = [...scan.sessions.values()].find(({ view: { folder } }) => folder === 'mine')?.view;
  expect(after && stateLine(viewFacts(after))).toBe('starting, offered to the pool');
});

test('for a group one notification is queued, when its last session ends', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  const all = [...BEGUN, DONE];
  await here.session('alone', { events: all, startMs });
  await here.session('first', { events: all, startMs, group: 'night' });
  const last = await here.session('last', { events: BEGUN, startMs, group: 'night' });
  await here.session('other', { events: BEGUN, startMs, group: 'day' });
  const scan = watching(here);
  await scan();
  expect((await here.queued()).map(({ id, kind }) => [id, kind])).toEqual([['alone:3', 'done']]);
  await more(last, [...all], 2, startMs + 1000);
  await scan();
  await scan();
  expect((await here.queued()).slice(1)).toEqual([
    expect.objectContaining({
      session: 'last',
      kind: 'group_done',
      group: 'night',
      text: '2 of 2 done',
    }),
  ]);
});

test('for a group with a blocked session both its result and the blocked session are queued', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  for (const name of ['a', 'b'])
    await here.session(name, { events: [...BEGUN, DONE], startMs, group: 'night' });
  const boats = await here.session('boats', { events: BEGUN, startMs, group: 'night' });
  const scan = watching(here);
  await scan();
  expect(await here.queued()).toEqual([]);
  const blocked = {
    type: 'blocked',
    phase: 'planning',
    reason: 'The sail is torn',
    needs: 'x',
    rule: 'y',
  } as const;
  await more(boats, [...BEGUN, blocked], 2, startMs + 1000);
  await scan();
  expect((await here.queued()).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    'group_done: 2 of 3 done; boats blocked: The sail is torn',
    'blocked: blocked (y), needs x: The sail is torn',
  ]);
});

test('the end of a group is queued once, even if its sessions end at the same moment', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  for (const name of ['a', 'b', 'c'])
    await here.session(name, { events: [...BEGUN, DONE], startMs, group: 'night' });
  await watching(here)();
  expect(await here.queued()).toEqual([
    expect.objectContaining({ session: 'c', kind: 'group_done', text: '3 of 3 done' }),
  ]);
});

test('a group whose sessions end while they are being read is still notified', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  const a = await here.session('a', { events: BEGUN, startMs, group: 'night' });
  const b = await here.session('b', { events: BEGUN, startMs, group: 'night' });
  const [before, after] = [new Scan(here.supervisor), new Scan(here.supervisor)];
  const poll = outboxOf(here);
  await before.read();
  await poll(before);
  await more(b, [...BEGUN, DONE], 2, startMs);
  await more(a, [...BEGUN, DONE], 2, startMs + 1000);
  await after.read();
  const ofOne = ({ sessions }: Scan, name: string) =>
    [...sessions].filter(([, { view }]) => view.folder === name);
  await poll({ sessions: new Map([...ofOne(before, 'b'), ...ofOne(after, 'a')]) });
  await poll(after);
  expect((await here.queued()).map(({ kind }) => kind)).toEqual(['group_done']);
});

test('an archived member does not delay the notification of its group', async () => {
  await using here = await outboxScene();
  const { startMs } = here;
  const away: NewEvent[] = [
    { type: 'blocked', phase: 'investigation', reason: 'x', needs: 'y', rule: 'agent' },
    { type: 'archived', by: { channel: 'cli' }, what: 'session', moved: [], to: '_archive' },
  ];
  await here.session('a', { events: [...BEGUN, ...away], startMs: startMs - 60_000, group: 'night' });
  await here.session('b', { events: [...BEGUN, DONE], startMs, group: 'night' });
  await watching(here)();
  expect((await here.queued()).map(({ kind, text }) => `${kind} ${text}`)).toContain(
    'group_done 1 of 1 done',
  );
});

test('a letter about a plan begins with what was not asked and what leaves out testing', async () => {
  await using here = await outboxScene();
  const name = '01-08-1020-plan-boats.md';
  const text = '# Plan: Boats\n\n### Phase 1: float\n- [ ] float\n\nTesting: none - only words\n';
  const asked = { ...ASKING, for: 'plan_approval' as const, openQuestions: [], unasked: true as const };
  const plan = { name, hash: planHash(text) };
  const waits = { ...asked, resumePhase: 'implementation' as const, plan } as NewEvent;
  const paths = await here.session('26-01-08-boats', { events: [...BEGUN, waits], startMs: here.startMs });
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(join(paths.sessionDir, name), text);
  const view = (await readSession(paths, hostWith([]))) ?? expect.fail();
  const { folder: session, sessionsDir } = paths;
  const { since: at } = view.state.status;
  const notice = Notice.parse({ id: 'n', at, kind: 'waiting', session, sessionsDir, text: '' });
  const body = (await compose(notice, view))?.body.split('\n') ?? [];
  expect(body.slice(0, 3)).toEqual(['Boats', 'No agent had a question.', 'Testing: none - only words']);
});

function emptyState(): Parameters<typeof queue>[0] {
  return { v: 1, since: '', read: {}, known: [], notices: [], channels: {} };
}

test('what lasts is known as long as it lasts, however much comes meanwhile', () => {
  const notice = (id: string) => ({
    ...{ id, at: '2026-01-08T10:00:00.000Z', session: 's', sessionsDir: '/s', text: '' },
    kind: 'queued' as const,
  });
  const state = emptyState();
  for (let n = 0; n < 1500; n += 1) {
    const news = queue(state, [notice('lasts'), notice(`s:${n}`)], 0);
    expect(news.map(({ id }) => id)).toEqual(n === 0 ? ['lasts', 's:0'] : [`s:${n}`]);
  }
  expect(state.known).toHaveLength(1000);
});

test('of a channel that takes nothing the newest 200 notices are kept, and the others are counted', () => {
  const notice = (n: number) => ({
    ...{ id: `s:${n}`, at: '2026-01-08T10:00:00.000Z', session: 's', sessionsDir: '/s', text: '' },
    kind: 'fallback' as const,
  });
  const nowMs = Date.parse('2026-01-08T10:00:00.000Z');
  const state = emptyState();
  nameChannels(state, ['webhook'], nowMs);
  for (let n = 0; n < 230; n += 1) queue(state, [notice(n)], nowMs);
  expect([state.notices.length, state.notices.at(-1)?.id]).toEqual([200, 's:229']);
  expect(state.channels).toEqual({ webhook: { givenUp: 30 } });
  expect(queue(state, [notice(0), notice(230)], nowMs).map(({ id }) => id)).toEqual(['s:230']);
  expect(state.notices).toHaveLength(200);
});

test('a channel that is no longer configured has no failure', () => {
  const failing = { since: '2026-01-08T10:00:00.000Z', why: 'Busy.' };
  const state = { ...emptyState(), channels: { webhook: { failing, givenUp: 3 } } };
  nameChannels(state, [], 0);
  expect(state.channels).toEqual({ webhook: { unsetSince: '1970-01-01T00:00:00.000Z' } });
});
