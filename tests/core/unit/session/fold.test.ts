import { expect, test } from 'vitest';
import { afterUnreadMessages } from '../../../../src/core/kernel/phases/after-checks.ts';
import type { Decision } from '../../../../src/core/kernel/phases/decision.ts';
import { initialProgress } from '../../../../src/core/kernel/phases/progress.ts';
import { acceptedServers } from '../../../../src/core/session/events/accepted.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { fold, NETWORK_REFUSED } from '../../../../src/core/session/events/fold.ts';
import { plausibleCost } from '../../../../src/core/session/events/fold-spent.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { CREATED, numbered, PREPARED } from './events.ts';

const CLI = { channel: 'cli' } as const;
const PLAN = { name: 'plan.md', hash: 'h' };

/** The state after `events`, a minute apart. */
function after(events: readonly NewEvent[], from: SessionState = emptyState()): SessionState {
  return numbered(events, { after: from.n }).reduce(fold, from);
}

const started = [CREATED, PREPARED];

const begun = (iteration: number, phase: 'planning' | 'requirements'): NewEvent => ({
  type: 'iteration_started',
  ...{
    iteration,
    phase,
    provider: 'rehearsal',
    model: '',
    log: 'l',
    childUuid: 'u',
    timeLimitMs: 1,
    credentials: [],
    sandbox: 'none',
  },
});

const parkedForPlan: NewEvent = {
  type: 'parked',
  for: 'plan_approval',
  resumePhase: 'implementation',
  openQuestions: [],
  unconfirmed: [],
  plan: PLAN,
};

const parkedForAnswers: NewEvent = {
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1', 'Q2'] },
  unconfirmed: [{ id: 'Q1', question: 'q', text: 'A' }],
};

const answer = (id: string, text: string) => ({ id, question: 'q', text });

test('the servers of a plan are accepted with it, and dropped while another plan is written', () => {
  const servers = [{ name: 'tickets', command: ['tickets-mcp'] }];
  const approval: NewEvent = { type: 'plan_approved', by: CLI, plan: PLAN, phase: 'implementation', servers };
  const approved = after([...started, parkedForPlan, approval]);
  expect(acceptedServers(approved)).toEqual(servers);
  const changing = after([{ type: 'changes_requested', by: CLI, feedback: 'less' }], approved);
  expect(acceptedServers(changing)).toEqual([]);
  const { servers: _none, ...other } = { ...approval, plan: { ...PLAN, hash: 'other' } };
  expect(acceptedServers(after([other], changing))).toEqual([]);
  // As restored by a rewind.
  const back = { ...after([other], changing), approvedPlan: approved.approvedPlan };
  expect(acceptedServers(back)).toEqual(servers);
});

test('after a stop at a gate, continuing means to wait again', () => {
  const stopped = after([...started, parkedForPlan, { type: 'stopped', by: CLI, why: 'requested' }]);
  expect(stopped.status).toMatchObject({ kind: 'stopped', parked: { for: 'plan_approval', plan: PLAN } });
  const resumed = after(
    [{ type: 'resumed', by: CLI, phase: 'implementation', resetsCounts: false }],
    stopped,
  );
  expect(resumed.status).toEqual(after([...started, parkedForPlan]).status);
  expect(resumed.progress.phase).toBe('investigation');
  expect(resumed.approvedPlan).toBeUndefined();
});

test('approval continues at once; a request for changes revokes it and returns to planning', () => {
  const approved = after([
    ...started,
    parkedForPlan,
    { type: 'plan_approved', by: CLI, plan: PLAN, phase: 'implementation' },
  ]);
  expect(approved).toMatchObject({
    status: { kind: 'running' },
    progress: { phase: 'implementation' },
    approvedPlan: PLAN,
  });
  const changed = after([{ type: 'changes_requested', by: CLI, feedback: 'smaller' }], approved);
  expect(changed).toMatchObject({
    status: { kind: 'running' },
    progress: { phase: 'planning' },
    feedback: 'smaller',
  });
  expect(changed.approvedPlan).toBeUndefined();
  expect(after([begun(1, 'planning')], changed).feedback).toBeUndefined();
});

test('answers open the gate only once none is missing; a typed answer that was recorded is not reported again', () => {
  const some: NewEvent = { type: 'answers_recorded', by: CLI, answers: [answer('Q1', 'B')], open: ['Q2'] };
  const half = after([...started, parkedForAnswers, some]);
  expect(half.status).toMatchObject({ kind: 'waiting', openQuestions: ['Q2'], unconfirmed: [] });
  const rest: NewEvent = {
    type: 'answers_recorded',
    by: CLI,
    answers: [answer('Q1', 'C'), answer('Q2', 'x')],
    open: [],
  };
  const open = after([rest], half);
  expect(open.status.kind).toBe('running');
  expect(open.answers).toMatchObject([answer('Q1', 'C'), answer('Q2', 'x')]);
  expect(open.answers.map(({ by }) => by)).toEqual([{ channel: 'cli' }, { channel: 'cli' }]);
});

test('answers recorded while nothing waits for them change nothing', () => {
  const late: NewEvent = { type: 'answers_recorded', by: CLI, answers: [answer('Q1', 'B')], open: [] };
  expect(after([...started, parkedForPlan, late]).status).toMatchObject({
    kind: 'waiting',
    for: 'plan_approval',
  });
});

test('a new goal drops answers, plan and feedback, and keeps the iteration count', () => {
  const done = after([
    ...started,
    begun(1, 'planning'),
    { type: 'answers_recorded', by: CLI, answers: [answer('Q1', 'B')], open: [] },
    { type: 'plan_approved', by: CLI, plan: PLAN, phase: 'implementation' },
    { type: 'done', summary: 's' },
  ]);
  const fresh = after(
    [
      {
        ...{ type: 'resumed', by: CLI, phase: 'investigation', resetsCounts: true, goal: 'more', note: 'n' },
        ...{ oldRounds: 2, oldPlans: ['plan.md'] },
      },
    ],
    done,
  );
  expect(fresh).toMatchObject({ goal: 'more', answers: [], oldRounds: 2, oldPlans: ['plan.md'] });
  expect(fresh).toMatchObject({
    progress: { phase: 'investigation', totalIterations: 1 },
    status: { kind: 'running' },
  });
  expect(fresh.approvedPlan).toBeUndefined();
  expect(fresh.notes).toEqual(['Note from the human:\nn']);
});

test('a message waits, is delivered, and is done when it is acknowledged', () => {
  const kept: NewEvent = { type: 'message_kept', by: CLI, id: 'M', file: 'f', line: 'Mind the boats' };
  const unread = { id: 'M', by: CLI, at: '2026-01-08T10:00:00.000Z', line: 'Mind the boats' };
  expect(after([kept]).messages).toEqual({ waiting: [unread], unacknowledged: [] });
  const delivered: NewEvent = { type: 'messages_delivered', ids: ['M'], iteration: 1 };
  expect(after([kept, delivered]).messages).toEqual({ waiting: [], unacknowledged: ['M'] });
  const acknowledged: NewEvent = { type: 'messages_acknowledged', ids: ['M', 'unknown'] };
  expect(after([kept, delivered, acknowledged]).messages).toEqual({ waiting: [], unacknowledged: [] });
});

const note = (text: string): NewEvent => ({ type: 'notice', code: NETWORK_REFUSED, text });
const withdrawn = (id: string): NewEvent => ({ type: 'message_withdrawn', by: CLI, id });

test('a withdrawn message no longer waits, and no note asks the next agent to read it', () => {
  const kept = (id: string): NewEvent => ({ type: 'message_kept', by: CLI, id, file: 'f' });
  const [read, other] = [note(arrived('M1')), note(arrived('M2'))];
  const handOff = note('Hand-off from the agent before you: M1 was right about the mast');
  const log = [...started, kept('M1'), kept('M2'), read, other, handOff, withdrawn('M1')];
  const { messages, notes } = after(log);
  expect(messages).toMatchObject({ waiting: [{ id: 'M2' }], unacknowledged: [] });
  expect(notes).toEqual([arrived('M2'), expect.stringContaining('the mast')]);
});

/** The note about messages that arrived while an agent worked. */
function arrived(ids: string): string {
  const decision = afterUnreadMessages(initialProgress(), ids.split(', '));
  return (decision.kind === 'run' && decision.notes[0]) || expect.fail();
}

test('a note that asks to read several messages loses the one that is withdrawn', () => {
  const all = [...started, note(arrived('M1, M2, M3'))];
  const notesAfter = (...ids: string[]) => after([...all, ...ids.map(withdrawn)]).notes;
  expect(notesAfter('M1')).toEqual([arrived('M2, M3')]);
  expect(notesAfter('M3', 'M1')).toEqual([arrived('M2')]);
  expect(notesAfter('M3', 'M1', 'M2')).toEqual([]);
});

test('of the messages that no agent acknowledges, only the newest ones are kept', () => {
  const ids = Array.from({ length: 120 }, (_, index) => `M${index}`);
  const given: NewEvent[] = ids.map((id, index) => ({
    type: 'messages_delivered',
    ids: [id],
    iteration: index + 1,
  }));
  expect(after(given).messages.unacknowledged).toEqual(ids.slice(-50));
});

test('a violation is reported to the next agent and then dropped', () => {
  const caught: NewEvent = { type: 'forgery_seen', what: 'Phase line', detail: 'planning to done' };
  expect(after([...started, caught]).notes.join()).toContain('Phase line (planning to done)');
  expect(after([...started, ...Array.from({ length: 50 }, () => caught)]).notes).toHaveLength(20);
  expect(after([...started, caught, begun(1, 'planning')]).notes).toEqual([]);
});

/** The end of iteration 1 in planning, by default by an overloaded agent. */
const endedAs = (how: Partial<Extract<NewEvent, { type: 'iteration_ended' }>> = {}): NewEvent => ({
  ...{ type: 'iteration_ended', iteration: 1, phase: 'planning', ending: 'overloaded', exitCode: 1 },
  ...{ signalNotes: [], changed: false, treeChanged: false, cost: {}, durationMs: 1, flowLines: [] },
  decision: { kind: 'run', phase: 'planning', notes: ['ended early'], delay: 'backoff', retry: 'failure' },
  ...how,
});

const HUMAN_TEXTS: NewEvent[] = [
  { type: 'changes_requested', by: CLI, feedback: 'smaller' },
  { type: 'resumed', by: CLI, phase: 'planning', resetsCounts: false, note: 'use the harbour' },
];

test.each([
  ['overloaded', endedAs()],
  [
    'at a usage limit',
    endedAs({
      ending: 'usage_limit',
      decision: { kind: 'limited', phase: 'planning', notes: [], until: null, retry: 'excused' },
    }),
  ],
  [
    'without a login',
    endedAs({
      ending: 'auth',
      decision: { kind: 'block', phase: 'planning', reason: 'r', needs: 'n', rule: 'auth' },
    }),
  ],
  [
    'with a rejected signal',
    endedAs({
      ending: 'signalled',
      signal: { status: 'continue', phase: 'done' },
      decision: { kind: 'run', phase: 'planning', notes: ['wrong'], delay: 'none', retry: 'corrective' },
    }),
  ],
])("the user's text is repeated to the next agent after one that ended %s", (_how, ended) => {
  const given = after([...started, ...HUMAN_TEXTS, begun(1, 'planning')]);
  expect(given).toMatchObject({ notes: [] });
  expect(given.feedback).toBeUndefined();
  const next = after([ended], given);
  expect(next.feedback).toBe('smaller');
  expect(next.notes[0]).toBe('Note from the human:\nuse the harbour');
});

test('a note shared by several failures appears once', () => {
  const twice = after([...started, begun(1, 'planning'), endedAs(), begun(2, 'planning'), endedAs()]);
  expect(twice.notes).toEqual(['ended early']);
});

test('after an accepted signal, the next agent gets only what is new', () => {
  const worked = endedAs({
    ending: 'signalled',
    signal: { status: 'handoff' },
    decision: { kind: 'run', phase: 'planning', notes: ['handed over'], delay: 'none' },
  });
  const next = after([...started, ...HUMAN_TEXTS, begun(1, 'planning'), worked]);
  expect(next.notes).toEqual(['handed over']);
  expect(next.feedback).toBeUndefined();
});

test('a requested stop is fulfilled by the stop, and dropped when the session continues', () => {
  const asked: NewEvent = { type: 'stop_requested', by: CLI, when: 'after_iteration' };
  expect(after([...started, asked]).stopWanted).toEqual({ by: CLI, when: 'after_iteration' });
  expect(after([...started, asked, { type: 'stopped', by: CLI, why: 'x' }]).stopWanted).toBeUndefined();
  const resumed: NewEvent = { type: 'resumed', by: CLI, phase: 'planning', resetsCounts: false };
  expect(after([...started, asked, resumed]).stopWanted).toBeUndefined();
});

test('costs reported by agents add up, and can neither decrease nor overflow', () => {
  const ended = (cost: object): NewEvent => ({
    ...{ type: 'iteration_ended', iteration: 1, phase: 'planning', ending: 'signalled', exitCode: 0 },
    ...{ signalNotes: [], decision: { kind: 'run', phase: 'planning', notes: [], delay: 'none' } },
    ...{ changed: true, treeChanged: true, cost, durationMs: 1, flowLines: [] },
  });
  expect(after([ended({ usd: 1 }), ended({ usd: 0.5, turns: 2 })]).cost).toEqual({ usd: 1.5, turns: 2 });
  expect(plausibleCost({ usd: -5, turns: 2, model: 'm' })).toEqual({ usd: 0, turns: 2, model: 'm' });
  const huge = plausibleCost({ usd: 1e308 });
  expect(Number.isFinite(after([ended(huge), ended(huge)]).cost.usd)).toBe(true);
});

test('the highest lease is kept, whichever worker wrote last', () => {
  const high = after([{ type: 'notice', code: 'c', text: 't' }], { ...emptyState(), lease: 9 });
  expect(high).toMatchObject({ n: 1, lease: 9 });
});

const OUT = { kind: 'overloaded', asksAt: 9 } as const;
const limited: NewEvent = { type: 'limited', until: 7, guessed: true, provider: 'claude', outage: OUT };

test('an outage is waited out, its attempts are counted, and a resume resets them', () => {
  const row = [begun(1, 'planning'), endedAs(), begun(2, 'planning'), endedAs({ ending: 'network' })];
  const waiting = after([...started, ...row, limited]);
  expect(waiting.status).toMatchObject({ kind: 'limited', until: 7, outage: OUT });
  expect(waiting.outage).toEqual({ tries: 2, workedMs: 1 });
  const resumed: NewEvent = { type: 'resumed', by: CLI, phase: 'planning', resetsCounts: false };
  expect(after([resumed], waiting).outage).toBeUndefined();
  const answered = endedAs({ ending: 'signalled', signal: { status: 'continue' } });
  expect(after([begun(3, 'planning'), answered], waiting).outage).toBeUndefined();
});

test('an outage counts for no phase, but its cost counts', () => {
  const cost = { usd: 2 };
  const decision: Decision = {
    ...{ kind: 'limited', phase: 'planning', notes: [], until: null, retry: 'excused' },
  };
  const { progress, spent } = after([...started, begun(1, 'planning'), endedAs({ cost, decision })]);
  expect(progress.counted.planning).toBe(0);
  expect(progress.failureCounts.failures).toBe(0);
  expect(spent.session.usd).toBe(2);
  // A night of attempts would otherwise use up MAX_ITERATIONS.
  expect(spent.session.iterations).toBe(0);
});

const RAN = { in: 'clone', commit: 'c', tree: 't', sandbox: 'none' } as const;
const ranOf = (command: string, how?: string) => {
  return { command, how, exitCode: how ? 1 : 0, durationMs: 1, outputHash: 'h', outputBytes: 0, output: 'o' };
};

test('only the checks that passed on the last full run are remembered', () => {
  const full = (...runs: ReturnType<typeof ranOf>[]): NewEvent => ({
    type: 'checks_ran',
    set: 'full',
    ...RAN,
    runs,
  });
  const first = after([...started, full(ranOf('a'), ranOf('b'))]);
  expect(first.passed).toEqual(['a', 'b']);
  const fast: NewEvent = { type: 'checks_ran', set: 'fast', ...RAN, runs: [ranOf('c')] };
  expect(after([fast], first).passed).toEqual(['a', 'b']);
  expect(after([full(ranOf('a'), ranOf('b', 'exit status 1'))], first).passed).toEqual(['a']);
});

test('a review counts only in quality, and only until code is written after it', () => {
  const ended = (
    phase: 'quality' | 'implementation' | 'done',
    more: { reviewed?: string[]; treeChanged?: boolean; head?: string },
  ): NewEvent => ({
    ...{ type: 'iteration_ended', iteration: 1, phase, ending: 'signalled', exitCode: 0, signalNotes: [] },
    signal: { status: 'continue', reviewed: more.reviewed },
    decision: { kind: 'run', phase, notes: [], delay: 'none' },
    ...{ changed: true, treeChanged: more.treeChanged ?? false, cost: {}, durationMs: 1, flowLines: [] },
    head: more.head,
  });
  const reviewed = after([
    ...started,
    ended('quality', { reviewed: ['R1', 'R2'], head: 'c1' }),
    ended('quality', { reviewed: ['R2'], head: 'c2' }),
  ]);
  expect(reviewed.reviewed).toEqual(['R1', 'R2']);
  expect(reviewed.reviewedAt).toEqual({ R1: 'c1', R2: 'c2' });
  expect(after([...started, ended('done', { reviewed: ['R1'] })]).reviewed).toEqual([]);
  expect(after([ended('implementation', {})], reviewed).reviewed).toEqual(['R1', 'R2']);
  expect(after([ended('implementation', { treeChanged: true })], reviewed).reviewed).toBeUndefined();
  const goal: NewEvent = {
    type: 'resumed',
    by: CLI,
    phase: 'investigation',
    goal: 'More',
    resetsCounts: true,
  };
  expect(after([goal], reviewed).reviewed).toBeUndefined();
});

function onBase(exitCode: number): NewEvent {
  const run = { ...ranOf('npm test', `exit status ${exitCode}`), exitCode };
  return { type: 'checks_ran', set: 'base', ...RAN, runs: [run] };
}

test('checks that cannot run on the base run there again after any resume', () => {
  const block: NewEvent = { type: 'blocked', phase: 'done', rule: 'base_checks', reason: 'r', needs: 'n' };
  const blocked = after([...started, onBase(127), block]);
  const resumedBy = (channel: 'cli' | 'tool') =>
    after([{ type: 'resumed', by: { channel }, phase: 'done', resetsCounts: true }], blocked).baseChecks;
  expect(blocked.baseChecks?.result).toBe('unrunnable');
  expect([resumedBy('cli'), resumedBy('tool')]).toEqual([undefined, undefined]);
});

test('what is decided about a red base is the newest answer to the question about it, whichever has its id', () => {
  const wait: NewEvent = {
    ...{ type: 'parked', for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1'] },
    ...{ unconfirmed: [], asks: [{ kind: 'red_base', question: 'hash', keys: [] }] },
  };
  const answer = (text: string, question = 'hash'): NewEvent => ({
    ...{ type: 'answers_recorded', by: CLI, open: [], answers: [{ id: 'Q1', question, text, choice: text }] },
  });
  const asked = after([...started, onBase(1), wait]);
  const choice = (...answers: NewEvent[]) => after(answers, asked).baseChecks?.choice;
  expect(choice()).toBeUndefined();
  expect(choice(answer('A'))).toBe('fix');
  expect(choice(answer('B'))).toBe('leave');
  expect(choice(answer('B'), answer('A'))).toBe('fix');
  expect(choice(answer('A'), answer('B', 'of another question'))).toBe('fix');
});
