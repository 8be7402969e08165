import { expect, test } from 'vitest';
import { afterUnreadMessages } from '../../../../src/core/kernel/phases/after-checks.ts';
import { initialProgress } from '../../../../src/core/kernel/phases/progress.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { fold, NETWORK_REFUSED } from '../../../../src/core/session/events/fold.ts';
import { MAY_SLEEP, SLEPT, STAYS_AWAKE } from '../../../../src/core/session/events/fold-sleep.ts';
import { plausibleCost } from '../../../../src/core/session/events/fold-spent.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { type Films, type Shown, screened } from '../../../support/film.ts';
import { CREATED, numbered, PREPARED } from './events.ts';

const PLAN = { name: 'plan.md', hash: 'h' };

const of = (type: NewEvent['type'], more: object = {}) =>
  ({ type, by: { channel: 'cli' }, ...more }) as NewEvent;

const begun = (iteration: number) =>
  of('iteration_started', {
    ...{ iteration, phase: 'planning', provider: 'rehearsal', model: '', log: 'l', childUuid: 'u' },
    ...{ timeLimitMs: 1, credentials: [], sandbox: 'none' },
  });

const goesOn = (more: object = {}) => ({
  ...{ kind: 'run', phase: 'planning', notes: ['ended early'], delay: 'backoff', retry: 'failure' },
  ...more,
});

/** The end of iteration 1 in planning, by default by an overloaded agent. */
const ended = (how: object = {}) =>
  of('iteration_ended', {
    ...{ iteration: 1, phase: 'planning', ending: 'overloaded', exitCode: 1, signalNotes: [] },
    ...{ changed: false, treeChanged: false, cost: {}, durationMs: 1, flowLines: [], decision: goesOn() },
    ...how,
  });

const signalled = (status: string, notes: readonly string[], retry?: string) =>
  ended({ ending: 'signalled', signal: { status }, decision: goesOn({ notes, delay: 'none', retry }) });

const parked = (more: object) => of('parked', { openQuestions: [], unconfirmed: [], ...more });
const forPlan = parked({ for: 'plan_approval', resumePhase: 'implementation', plan: PLAN });
const forAnswers = parked({
  ...{ for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1', 'Q2'] },
  unconfirmed: [{ id: 'Q1', question: 'q', text: 'A' }],
});
const redAsk = parked({
  ...{ for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1'] },
  asks: [{ kind: 'red_base', question: 'hash', keys: [] }],
});

const answers = (given: Record<string, string>, open: string[] = [], question = 'q') =>
  of('answers_recorded', {
    answers: Object.entries(given).map(([id, text]) => ({
      ...{ id, question, text },
      ...(question !== 'q' && { choice: text }),
    })),
    open,
  });
const approved = (more: object = {}) => of('plan_approved', { plan: PLAN, phase: 'implementation', ...more });
const smaller = of('changes_requested', { feedback: 'smaller' });
const stopped = of('stopped', { why: 'requested' });
const resumed = (phase = 'planning', more: object = {}) =>
  of('resumed', { phase, resetsCounts: false, ...more });
const stopWanted = of('stop_requested', { when: 'after_iteration' });
const newGoal = { resetsCounts: true, goal: 'more' };

const note = (text: string) => of('notice', { code: NETWORK_REFUSED, text });
const kept = (id: string) => of('message_kept', { id, file: 'f', line: 'Mind the boats' });
const withdrawn = (id: string) => of('message_withdrawn', { id });
/** The note about messages that arrived while an agent worked. */
const arrived = (...ids: string[]) => {
  const decision = afterUnreadMessages(initialProgress(), ids);
  return note((decision.kind === 'run' && decision.notes[0]) || expect.fail());
};

const check = (command: string, exitCode = 0) => ({
  ...{ command, exitCode, durationMs: 1, outputHash: 'h', outputBytes: 0, output: 'o' },
  how: exitCode === 0 ? undefined : `exit status ${exitCode}`,
});
const checks = (set: string, ...runs: object[]) =>
  of('checks_ran', { set, in: 'clone', commit: 'c', tree: 't', sandbox: 'none', runs });

const review = (phase: string, more: { reviewed?: string[]; head?: string; treeChanged?: boolean } = {}) =>
  ended({
    ...{ phase, ending: 'signalled', exitCode: 0, signal: { status: 'continue', reviewed: more.reviewed } },
    ...{ decision: goesOn({ phase, notes: [], delay: 'none', retry: undefined }), changed: true },
    ...{ treeChanged: more.treeChanged ?? false, head: more.head },
  });

const limited = of('limited', {
  ...{ until: 7, guessed: true, provider: 'claude', outage: { kind: 'overloaded', asksAt: 9 } },
});
const caught = of('forgery_seen', { what: 'Phase line', detail: 'planning to done' });
const told = [smaller, resumed('planning', { note: 'use the harbour' }), begun(1)];
const excused = (more: object = {}) => ({
  ...{ kind: 'limited', phase: 'planning', notes: [], until: null, retry: 'excused', ...more },
});
const noLogin = { kind: 'block', phase: 'planning', reason: 'r', needs: 'n', rule: 'auth' };

const FILMS: Films<NewEvent> = {
  'planServers, approvedPlan: the servers of a plan are accepted with it, and not with another': [
    forPlan,
    approved({ servers: [{ name: 'tickets', command: ['tickets-mcp'] }] }),
    smaller,
    approved({ plan: { ...PLAN, hash: 'other' } }),
  ],
  'status: after a stop at a gate, continuing means to wait again': [
    forPlan,
    stopped,
    resumed('implementation'),
  ],
  'approvedPlan, feedback, progress: approval continues; changes revoke it until the next agent': [
    forPlan,
    approved(),
    smaller,
    begun(1),
  ],
  'status, answers: answers open the gate once none is missing': [
    forAnswers,
    answers({ Q1: 'B' }, ['Q2']),
    answers({ Q1: 'C', Q2: 'x' }),
  ],
  'answers: those recorded while nothing waits for them are kept, and open nothing': [
    forPlan,
    answers({ Q1: 'B' }),
  ],
  'goal, answers, approvedPlan, notes: a new goal drops answers and plan, and keeps the count': [
    begun(1),
    answers({ Q1: 'B' }),
    approved(),
    of('done', { summary: 's' }),
    resumed('investigation', { ...newGoal, note: 'n', oldRounds: 2, oldPlans: ['plan.md'] }),
  ],
  'messages: one waits, is delivered, and is done when it is acknowledged': [
    kept('M'),
    of('messages_delivered', { ids: ['M'], iteration: 1 }),
    of('messages_acknowledged', { ids: ['M', 'unknown'] }),
  ],
  'messages, notes: a withdrawn message no longer waits, and no note asks to read it': [
    kept('M1'),
    kept('M2'),
    arrived('M1'),
    arrived('M2'),
    note('Hand-off from the agent before you: M1 was right about the mast'),
    withdrawn('M1'),
  ],
  'notes: one about several messages loses those that are withdrawn': [
    arrived('M1', 'M2', 'M3'),
    withdrawn('M3'),
    withdrawn('M1'),
    withdrawn('M2'),
  ],
  'notes: a violation is told once': [caught, begun(1)],
  'notes, feedback: what the user said is repeated after an overloaded agent': [...told, ended()],
  'feedback: what the user said is repeated after a usage limit': [
    ...told,
    ended({ ending: 'usage_limit', decision: excused() }),
  ],
  'feedback: what the user said is repeated after an agent without a login': [
    ...told,
    ended({ ending: 'auth', decision: noLogin }),
  ],
  'feedback: what the user said is repeated after a rejected signal': [
    ...told,
    signalled('continue', ['wrong'], 'corrective'),
  ],
  'notes: one that several failures share appears once': [begun(1), ended(), begun(2), ended()],
  'notes: after an accepted signal, the next agent gets what is new': [
    ...told,
    signalled('handoff', ['handed over']),
  ],
  'stopWanted: a requested stop is fulfilled by the stop': [stopWanted, stopped],
  'stopWanted: a requested stop is dropped when the session continues': [stopWanted, resumed()],
  'cost, spent: costs add up': [ended({ cost: { usd: 1 } }), ended({ cost: { usd: 0.5, turns: 2 } })],
  'outage: its attempts are counted, and a resume resets them': [
    begun(1),
    ended(),
    begun(2),
    ended({ ending: 'network' }),
    limited,
    resumed(),
  ],
  'outage: an answer ends it': [begun(1), ended(), limited, begun(3), signalled('continue', [])],
  'cost, spent: an outage counts for no phase, but its cost counts': [
    begun(1),
    ended({ cost: { usd: 2 }, decision: excused() }),
  ],
  'passed: only the checks that passed on the last full run are remembered': [
    checks('full', check('a'), check('b')),
    checks('fast', check('c')),
    checks('full', check('a'), check('b', 1)),
  ],
  'reviewed, reviewedAt: a review counts until code is written after it': [
    review('quality', { reviewed: ['R1', 'R2'], head: 'c1' }),
    review('quality', { reviewed: ['R2'], head: 'c2' }),
    review('implementation'),
    review('implementation', { treeChanged: true }),
  ],
  'lastIteration: a review outside of quality does not count': [review('done', { reviewed: ['R1'] })],
  'reviewed: a new goal needs a new review': [
    review('quality', { reviewed: ['R1'], head: 'c1' }),
    resumed('investigation', newGoal),
  ],
  'baseChecks: checks that cannot run on the base run there again after any resume': [
    checks('base', check('npm test', 127)),
    of('blocked', { phase: 'done', rule: 'base_checks', reason: 'r', needs: 'n' }),
    resumed('done', { by: { channel: 'tool' }, resetsCounts: true }),
  ],
  'baseChecks: what is decided about a red base is the newest answer to its own question': [
    checks('base', check('npm test', 1)),
    redAsk,
    answers({ Q1: 'B' }, [], 'hash'),
    answers({ Q1: 'A' }, [], 'hash'),
    answers({ Q1: 'B' }, [], 'of another question'),
  ],
  'sleep, slept: whether the machine stays awake, and how often it did not': [
    of('notice', { code: STAYS_AWAKE, text: 'held' }),
    of('notice', { code: MAY_SLEEP, text: 'not' }),
    of('notice', { code: SLEPT, text: 's', sleptMs: 5 }),
    of('notice', { code: SLEPT, text: 's', sleptMs: 7 }),
  ],
};

const START = numbered([CREATED, PREPARED]).reduce(fold, emptyState());

function after(events: readonly NewEvent[], from: SessionState = emptyState()): SessionState {
  return numbered(events, { after: from.n }).reduce(fold, from);
}

function play(events: readonly NewEvent[]): Shown[] {
  let before = START;
  return numbered(events, { after: START.n }).map((event) => {
    const shown = { name: event.type, before, after: fold(before, event) };
    before = shown.after;
    return shown;
  });
}

test('each event changes of the state what its film shows, and nothing else', async () => {
  const text = screened(FILMS, play, { omitted: ['n'] });
  await expect(text).toMatchFileSnapshot('../../../golden/films/fold.txt');
});

test('of the messages that no agent acknowledges, and of the violations, only the newest ones are kept', () => {
  const ids = Array.from({ length: 120 }, (_, index) => `M${index}`);
  const given = ids.map((id, index) => of('messages_delivered', { ids: [id], iteration: index + 1 }));
  expect(after(given).messages.unacknowledged).toEqual(ids.slice(-50));
  expect(after([CREATED, PREPARED, ...Array.from({ length: 50 }, () => caught)]).notes).toHaveLength(20);
});

test('costs reported by agents can neither decrease nor overflow', () => {
  expect(plausibleCost({ usd: -5, turns: 2, model: 'm' })).toEqual({ usd: 0, turns: 2, model: 'm' });
  const cost = plausibleCost({ usd: 1e308 });
  expect(Number.isFinite(after([ended({ cost }), ended({ cost })]).cost.usd)).toBe(true);
});

test('the highest lease is kept, whichever worker wrote last', () => {
  const high = after([of('notice', { code: 'c', text: 't' })], { ...emptyState(), lease: 9 });
  expect(high).toMatchObject({ n: 1, lease: 9 });
});
