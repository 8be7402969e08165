import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { NotifyChannel } from '../../../../src/extensions/notify/channels/channel.ts';
import { NOTIFIED_KINDS } from '../../../../src/extensions/notify/notice/kinds.ts';
import type { Notification } from '../../../../src/extensions/notify/notice/notification.ts';
import { ASKING, BLOCKED, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import type { SessionPlan } from '../../../core/unit/supervisor/scene.ts';
import { outboxScene } from './outbox-scene.ts';

const BEGUN: NewEvent[] = [CREATED, PREPARED];
const HOUR_MS = 3_600_000;
const CANARY = 'canary';
const QA = `# Q&A: x\n\nStatus: waiting\n\n## Q1: Which ${CANARY}?\n\nOptions:\n- A) red ${CANARY}\n- B) blue\n\nSuggestion: A, ${CANARY}\n\nAnswer: _waiting_\n`;
const PLAN = `# Plan: Names ${CANARY}\n\n## Phase 1: Boats ${CANARY}\n\n- [ ] one\n\n## Phase 2: Harbours\n\n- [ ] two\n`;

const WAITS_FOR_PLAN: NewEvent = {
  type: 'parked',
  for: 'plan_approval',
  resumePhase: 'implementation',
  openQuestions: [],
  unconfirmed: [],
  plan: { name: '26-01-08-plan-x.md', hash: 'b'.repeat(64) },
};
const APPROVED: NewEvent = {
  ...{ type: 'plan_approved', by: { channel: 'cli' }, phase: 'implementation' },
  plan: { name: '26-01-08-plan-x.md', hash: 'a'.repeat(64) },
};
const notice = (code: string): NewEvent => ({ type: 'notice', code, text: `${CANARY} of ${code}` });
const outage = (atMs: number, outageDurationMs: number): NewEvent => ({
  ...{ type: 'limited', until: atMs + 8 * 60_000, guessed: true, provider: 'claude' },
  outage: { kind: 'network', asksAt: atMs + 12 * HOUR_MS - outageDurationMs },
});
const iteration: NewEvent = {
  ...{ type: 'iteration_started', iteration: 1, phase: 'planning', provider: 'claude', model: '' },
  ...{ log: 'x.log', childUuid: 'u', timeLimitMs: 1000, credentials: [], sandbox: 'none' },
};

const TOOK_OVER: NewEvent = {
  ...{ type: 'worker_took_over', version: '1', previous: 'none', recovery: 'nothing', host: 'mini' },
  worker: { pid: 7, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' },
};

/** Sends the notifications of one session, in a new home folder. */
async function sentOf(plan: (startMs: number) => SessionPlan, titles = false): Promise<Notification[]> {
  await using here = await outboxScene();
  const sent: Notification[] = [];
  const channel: NotifyChannel = {
    name: 'desktop',
    send: async (notification) => {
      sent.push(notification);
    },
  };
  await here.settings({ NOTIFY_DETAIL: titles ? 'titles' : 'full' });
  const paths = await here.session('26-01-08-x', { startMs: here.startMs, ...plan(here.startMs) });
  await writeFile(join(paths.sessionDir, '26-01-08-plan-x.md'), PLAN);
  await here.watching({ channels: () => [channel] }).poll();
  return sent;
}

const SESSION = '26-01-08-x';
const until = /\d{4}-\d\d-\d\d \d\d:\d\d$/;
const ROWS: Record<
  string,
  { plan: (startMs: number) => SessionPlan; title: string | RegExp; body: (string | RegExp)[] }
> = {
  waiting: {
    plan: () => ({ events: [...BEGUN, ASKING], qa: QA }),
    title: `${SESSION} waits for answers to its questions: Q1`,
    body: [`Q1: Which ${CANARY}?`, `  A) red ${CANARY} (suggested)`, '  B) blue'],
  },
  plan_changed: {
    plan: () => ({
      events: [
        ...BEGUN,
        APPROVED,
        { ...WAITS_FOR_PLAN, reason: 'The plan was changed after its approval.' } as NewEvent,
      ],
    }),
    title: `${SESSION} changed its approved plan and waits for your approval`,
    body: [
      'The plan was changed after its approval.',
      `Names ${CANARY}`,
      `1. Boats ${CANARY}`,
      '2. Harbours',
    ],
  },
  blocked: {
    plan: () => ({ events: [...BEGUN, { ...BLOCKED, reason: `Why ${CANARY}` } as NewEvent] }),
    title: `${SESSION} is blocked and needs you`,
    body: [`Why ${CANARY}`, 'Needs: human_decision'],
  },
  stalled: {
    plan: () => ({ events: [...BEGUN, iteration, notice('stalled')], lease: { owner: 'alive' } }),
    title: `${SESSION} shows no sign of life`,
    body: [`${CANARY} of stalled`],
  },
  main_checkout_moved: {
    plan: () => ({ events: [...BEGUN, notice('main_checkout_moved')] }),
    title: `The main checkout of repo changed while ${SESSION} ran`,
    body: [`${CANARY} of main_checkout_moved`],
  },
  limited: {
    plan: (startMs) => ({
      events: [
        ...BEGUN,
        { type: 'limited', until: startMs + HOUR_MS, guessed: false, provider: 'claude' } satisfies NewEvent,
      ],
    }),
    title: until,
    body: [/^usage limit of claude until /],
  },
  back_off: {
    plan: (startMs) => ({ events: [...BEGUN, outage(startMs + 2000, 5 * 60_000)] }),
    title: new RegExp(
      `^${SESSION} waits: the provider cannot be reached; next try at .*, asks you at \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$`,
    ),
    body: [/^the provider cannot be reached; next try at /],
  },
  budget: {
    plan: () => ({
      events: [
        ...BEGUN,
        {
          type: 'budget_warned',
          limitName: 'usd',
          scope: 'session',
          percent: 80,
          limit: 5,
          spent: 4,
        } satisfies NewEvent,
      ],
    }),
    title: `${SESSION} is close to a limit of its budget`,
    body: ['80 % of a limit is used'],
  },
  queued: {
    plan: (startMs) => ({
      events: [...BEGUN, { type: 'queued', reason: `${CANARY} others` }],
      startMs: startMs - HOUR_MS,
    }),
    title: `${SESSION} has been queued for a long time`,
    body: [`${CANARY} others`, /^Queued since \d{4}-\d\d-\d\d \d\d:\d\d: /],
  },
  done: {
    plan: () => ({
      events: [...BEGUN, TOOK_OVER, iteration, { ...DONE, summary: `All ${CANARY}` } as NewEvent],
      settings: { checks: ['npm test'] },
    }),
    title: `${SESSION} is done`,
    body: [
      `All ${CANARY}`,
      'Not proved: no passing checks on its last commit',
      'Worked on: mini',
      'Next, in a terminal: samocode finish x',
    ],
  },
  revived: {
    plan: () => ({
      events: [
        ...BEGUN,
        {
          ...{ type: 'worker_took_over', version: '1', previous: 'died', recovery: 'nothing' },
          worker: { pid: 1, startTicks: '1', pidNamespace: 'p', hostId: 'h', bootId: 'b' },
        } as NewEvent,
      ],
    }),
    title: `${SESSION} continues after its worker died`,
    body: ['the previous worker died'],
  },
  answer_changed: {
    plan: () => ({ events: [...BEGUN, notice('answer_changed')] }),
    title: `${SESSION}: a recorded answer was changed in the file`,
    body: [`${CANARY} of answer_changed`],
  },
  group_done: {
    plan: () => ({ events: [...BEGUN, DONE], group: 'night' }),
    title: 'No session of group night is running anymore',
    body: ['1 of 1 done'],
  },
  fallback: {
    plan: () => ({ events: [...BEGUN, notice('fallback')] }),
    title: `${SESSION} continues with another provider`,
    body: [`${CANARY} of fallback`],
  },
  widened: {
    plan: () => ({ events: [...BEGUN, notice('widened')] }),
    title: `${SESSION} grew beyond quick: questions and a plan come after all`,
    body: [`${CANARY} of widened`],
  },
  pull_request: {
    plan: () => ({ events: [...BEGUN, MERGED] }),
    title: `${SESSION}: its pull request #17 is merged`,
    body: [
      'https://github.com/fleet/boats/pull/17',
      /^1 commit of round 1 is not in it\.$/m,
      /^Next, in a terminal: samocode archive /m,
    ],
  },
};

const MERGED: NewEvent = {
  type: 'pull_request_changed',
  by: { channel: 'settings' },
  ...{ repository: 'github.com/fleet/boats', number: 17 },
  change: {
    ...{ url: 'https://github.com/fleet/boats/pull/17', state: 'merged', watched: true },
    missing: { round: 1, commits: 1 },
  },
};

test.each(Object.entries(ROWS))(
  'a notification of %s says what happened and what to do',
  async (kind, row) => {
    const sent = await sentOf(row.plan);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      kind,
      title: expect.stringMatching(row.title),
      session: SESSION,
      project: 'repo',
    });
    for (const line of row.body) expect(sent[0]?.body).toMatch(line);
  },
);

test.each(Object.entries(ROWS))(
  "with NOTIFY_DETAIL=titles, a notification of %s contains only samocode's own text",
  async (kind, row) => {
    const [one] = await sentOf(row.plan, true);
    const { sessionsDir, ...said } = one ?? {};
    expect(said).toMatchObject({ kind, body: '', title: expect.stringMatching(row.title) });
    expect(JSON.stringify(said)).not.toMatch(/canary|sessions|"questions"|"plan"/);
  },
);

test('every kind has a row except those that the queue test covers', () => {
  const others: readonly string[] = ['crash_loop', 'disk', 'recurring_paused'];
  expect(Object.keys(ROWS).sort()).toEqual(NOTIFIED_KINDS.filter((kind) => !others.includes(kind)).sort());
});

test('a notification of a kept window says what is used, when it ends, and how to use the rest', async () => {
  const [one] = await sentOf((startMs) => {
    const endsAt = startMs + HOUR_MS;
    const kept = [{ provider: 'claude', window: '5h' as const, used: 0.85, endsAt, keep: 20 }];
    return {
      events: [...BEGUN, { type: 'limited', until: endsAt, guessed: false, provider: 'claude', kept }],
    };
  });
  expect(one).toMatchObject({
    kind: 'limited',
    title: expect.stringMatching(
      `^${SESSION} waits: claude has used 85 % of 5 hours, and 20 % is kept for you; the window ends at `,
    ),
    body: `To use the rest until that window ends: samocode resume ${SESSION}`,
  });
});

test('a waiting plan is sent with its path and its current hash', async () => {
  const [one] = await sentOf(() => ({ events: [...BEGUN, WAITS_FOR_PLAN] }));
  expect(one).toMatchObject({
    kind: 'waiting',
    plan: {
      name: '26-01-08-plan-x.md',
      path: expect.stringMatching(/\/26-01-08-plan-x\.md$/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      summary: expect.stringMatching(
        new RegExp(`^Names ${CANARY}\n2 phases · .*\n1\\. Boats ${CANARY}\n2\\. Harbours$`),
      ),
    },
  });
});

test('the title of a question about checks says that they fail before any work', async () => {
  const block = { ...BLOCKED, rule: 'base_checks', reason: `\`${CANARY}\` (exit status 1)` } as NewEvent;
  const [one] = await sentOf(() => ({ events: [...BEGUN, block] }), true);
  expect(one).toMatchObject({
    kind: 'blocked',
    title: `${SESSION} is blocked: its checks fail before any work has begun`,
    body: '',
  });
});

test('a notification names the recurring session and the time or commit of the run', async () => {
  const run = (value: string) => ({ id: 'r', name: 'nightly', run: value });
  const bodyFor = async (value: string) =>
    (await sentOf(() => ({ events: [...BEGUN, BLOCKED], recurring: run(value) })))[0]?.body;
  expect(await bodyFor('2026-01-05T02:00:00.000Z')).toMatch(
    /^Recurring: nightly, run of (?:Sun|Mon) 01-0[45] \d\d:\d\d\n/,
  );
  expect(await bodyFor('2026'.padEnd(40, 'a'))).toMatch(/^Recurring: nightly, commit 2026aaaa\n/);
});

test('an outage is notified once, when it lasts longer than ten minutes', async () => {
  const waits = (startMs: number) => [0, 8, 16, 24, 32].map((minutes) => outage(startMs, minutes * 60_000));
  await using here = await outboxScene();
  const { startMs } = here;
  await here.session('s', { events: [...BEGUN, ...waits(startMs)], startMs });
  await here.watching().poll();
  expect(await here.noticed()).toEqual(['s:4']);
});

test.each([
  ['answered', { type: 'answers_recorded', by: { channel: 'cli' }, answers: [], open: [] }],
  ['stopped', { type: 'stopped', by: { channel: 'cli' }, why: 'enough' }],
  ['asked again', ASKING],
] as [string, NewEvent][])(
  'a question that was %s in the meantime is not sent, or sent once',
  async (_, event) => {
    const sent = await sentOf(() => ({ events: [...BEGUN, ASKING, event], qa: QA }));
    const asked = sent.filter(({ kind }) => kind === 'waiting');
    expect(asked.map(({ id }) => id)).toEqual(event === ASKING ? [`${SESSION}:4`] : []);
  },
);
