import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findRewindPoint, judgeRewind } from '../../../../src/core/session/commands/judge-rewind.ts';
import { judgeResume } from '../../../../src/core/session/commands/judge-running.ts';
import type { RewindTarget } from '../../../../src/core/session/events/bodies/positions.ts';
import type { By } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { EventOf, NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState, SessionState } from '../../../../src/core/session/events/state.ts';
import { makeProof } from '../../../../src/core/session/proof/make-proof.ts';
import { ended, provedEvents } from '../../../support/proved-events.ts';
import { byModel, byPerson, codeOf, since } from './verdicts.ts';

const inForm: By = { channel: 'elicitation', client: 'claude-code' };

const asEvent = (body: object) => ({ n: 1, at: since, lease: 1, ...body }) as SessionEvent;
const blocked = (rule = 'budget') =>
  asEvent({ type: 'blocked', phase: 'implementation', reason: 'x', needs: 'y', rule });
const resumed = (by: By, more: Partial<EventOf<'resumed'>> = {}) =>
  asEvent({ type: 'resumed', by, phase: 'implementation', resetsCounts: true, ...more });
const stopped = (by: By) => asEvent({ type: 'stopped', by, why: 'on request' });
const accepted = (by: By) => asEvent({ type: 'command_accepted', id: 'x', kind: 'message', by });
const kept = (by: By) => asEvent({ type: 'message_kept', id: 'x', file: 'x', by });
const approved = (by: By) =>
  asEvent({ type: 'plan_approved', by, plan: { name: 'plan.md', hash: 'x' }, phase: 'implementation' });
const answered = (by: By) => asEvent({ type: 'answers_recorded', by, answers: [], open: [] });

const ONCE = [blocked(), resumed(byModel)];

function verdict(by: By, ...events: SessionEvent[]) {
  const state = events.reduce(fold, emptyState());
  // Read back, as after a restart of everything.
  const read = SessionState.parse(JSON.parse(JSON.stringify(state)));
  return codeOf(judgeResume({ by }, read));
}

describe('a block that a model alone has resumed', () => {
  test('is resumed by a model once', () => {
    expect(verdict(byModel, blocked())).toBe('accepted');
    expect(verdict(byModel, ...ONCE, blocked())).toBe('needs_person');
  });

  test.each<[string, ...SessionEvent[]]>([
    ['with higher limits', blocked(), resumed(byModel, { limits: { session: { usd: 9 }, phases: {} } })],
    ['after a stop by the model', ...ONCE, blocked(), stopped(byModel)],
    ['of another rule meanwhile', ...ONCE, blocked('stalled'), resumed(byModel)],
    ['with a message of the model', ...ONCE, kept(byModel)],
    ['with an edited file', ...ONCE, answered({ channel: 'file' })],
    ['with what the settings do', ...ONCE, approved({ channel: 'settings' })],
    ['with what the person chose at the start', ...ONCE, approved({ ...byPerson, atStart: true })],
  ])('stays closed to it %s', (_what, ...events) => {
    const last = events.at(-1)?.type === 'stopped' ? [] : [blocked()];
    expect(verdict(byModel, ...events, ...last)).toBe('needs_person');
  });

  test.each<[string, SessionEvent]>([
    ['a resume', resumed(byPerson)],
    ['a message', kept({ channel: 'phone' })],
    ['a stop', stopped({ channel: 'web' })],
    ['an answer in a form', answered(inForm)],
    ['an approval in a form', approved(inForm)],
    ['any other command', accepted({ channel: 'cli', person: 'ben' })],
  ])('opens to it again with %s of a person', (_what, act) => {
    expect(verdict(byModel, ...ONCE, act, blocked())).toBe('accepted');
    expect(verdict(byModel, ...ONCE, blocked(), act, blocked())).toBe('accepted');
    expect(verdict(byModel, ...ONCE, act, ...ONCE, blocked())).toBe('needs_person');
  });

  test('is another one under another rule', () => {
    expect(verdict(byModel, ...ONCE, blocked('stalled'))).toBe('accepted');
  });

  test('that is stopped closes nothing else', () => {
    expect(verdict(byModel, ...ONCE, stopped(byModel))).toBe('accepted');
  });

  test.each<By>([byPerson, inForm, { channel: 'phone' }, { channel: 'web', unconfirmed: true }])(
    'is always resumed on the channel $channel',
    (by) => {
      expect(verdict(by, ...ONCE, blocked())).toBe('accepted');
      expect(verdict(by, ...ONCE, blocked(), stopped(byModel))).toBe('accepted');
    },
  );
});

test('however a model mixes stops and resumes, it undoes no block of a rule twice between two acts of a person', () => {
  const acts = fc.constantFrom('budget', 'stalled', 'checks', 'resume', 'stop', 'person');
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 40 }), (played) => {
      let state = emptyState();
      let undone: string[] = [];
      for (const act of played) {
        const { status } = state;
        const rule = 'rule' in status ? status.rule : undefined;
        const isRunning = status.kind === 'running' || status.kind === 'starting';
        if (act === 'person') {
          state = fold(state, kept(byPerson));
          undone = [];
        } else if (act === 'stop') {
          if (status.kind !== 'stopped') state = fold(state, stopped(byModel));
        } else if (act !== 'resume') {
          if (isRunning) state = fold(state, blocked(act));
        } else if (judgeResume({ by: byModel }, state).kind === 'accepted') {
          state = fold(state, resumed(byModel));
          if (rule !== undefined) undone.push(rule);
        } else expect(isRunning || undone.includes(rule ?? '')).toBe(true);
        expect(undone).toEqual([...new Set(undone)]);
      }
    }),
  );
});

const worktree = { path: '/w', branch: 'x', base: 'main', baseCommit: '1' };
const STOPPED = { ...emptyState(), worktree, status: { kind: 'stopped' } } as unknown as SessionState;
const NO_CHECKPOINTS = { commits: new Set<string>(), beforeRewinds: new Map<number, string>() };
const tookOver = (host: string, places?: object) => ({ type: 'worker_took_over', host, places });
const ENDED = { type: 'iteration_ended', iteration: 1, checkpoint: { ref: 'r', commit: 'c' } };
const REWOUND = { type: 'rewound', to: 1 };

function refusalOf(to: number | 'undo', events: readonly object[]) {
  const numbered = events.map((event, at) => ({ n: at + 1, ...event })) as SessionEvent[];
  return judgeRewind({ to }, STOPPED, { events: numbered, kept: NO_CHECKPOINTS });
}

test.each([[1], [0], ['undo']] as const)(
  'a rewind to %s names the machine that alone has the checkpoint',
  (to) => {
    const events = [tookOver('mini'), ENDED, REWOUND, tookOver('mac', {})];
    expect(refusalOf(to, events)).toMatchObject({
      kind: 'refused',
      error: { code: 'checkpoint_elsewhere', message: expect.stringContaining('kept only on mini') },
    });
  },
);

test.each([
  ['the session has not moved', 1, [tookOver('mini'), ENDED, tookOver('mini')]],
  ['it was made after the move', 1, [tookOver('mini'), tookOver('mac', {}), ENDED]],
  ['there was no such iteration', 7, [tookOver('mini'), ENDED, tookOver('mac', {})]],
  ['there was no rewind', 'undo', [tookOver('mini'), ENDED, tookOver('mac', {})]],
] as const)('a missing checkpoint is nowhere else if %s', (_, to, events) => {
  expect(codeOf(refusalOf(to, events))).toBe('checkpoint_gone');
});

const by = { channel: 'cli' } as const;
const ROUND: NewEvent[] = [
  { type: 'parked', for: 'human_action', resumePhase: 'testing', openQuestions: [], unconfirmed: [] },
];
const goal = (text: string, oldTip: string): NewEvent => ({
  ...{ type: 'resumed', by, phase: 'investigation', resetsCounts: true, goal: text, oldTip },
});
const taken = (iteration: number): NewEvent =>
  ({
    ...ended({ kind: 'run', phase: 'testing', notes: [], delay: 'none' }),
    iteration,
    checkpoint: { ref: 'r', commit: 'c' },
  }) as NewEvent;

function sessionOf(...more: NewEvent[]): SessionEvent[] {
  return provedEvents({ more });
}

const foldAll = (events: readonly SessionEvent[]): SessionState => events.reduce(fold, emptyState());

const KEPT = { commits: new Set(['c']), beforeRewinds: new Map() };

/** The events of a session that was rewound. */
function withRewind(to: RewindTarget, events: readonly SessionEvent[]): SessionEvent[] {
  const asked = events.filter(({ type }) => type === 'rewind_asked').map(({ n }) => [n, 'c'] as const);
  const kept = { ...KEPT, beforeRewinds: new Map(asked) };
  const back = findRewindPoint({ events, kept }, to)?.back ?? expect.fail('no point');
  const undo = { ref: 'u', commit: 'd' };
  const head = { v: 1, at: '2026-01-08T11:00:00.000Z', lease: 1 } as const;
  const n = events.length;
  return [
    ...events,
    { ...head, n: n + 1, type: 'rewind_asked', by, to, commit: 'c', back },
    { ...head, n: n + 2, type: 'rewound', to, undo, leftOut: [] },
  ] as SessionEvent[];
}

/** The state after a rewind to the end of an iteration. */
function rewoundTo(to: number, events: readonly SessionEvent[]): SessionState {
  return foldAll(withRewind(to, events));
}

test('a new goal is proved only by checks that ran for it', () => {
  expect(foldAll(sessionOf()).proved).toBeDefined();
  expect(foldAll(sessionOf(goal('More', 'tip'))).proved).toBeUndefined();
});

test('the outcome of a merge does not apply to another goal, or after a rewind', () => {
  const merged: NewEvent = { type: 'merge_ended', into: 'main', outcome: 'merged', files: [], commands: [] };
  expect(foldAll(sessionOf(merged)).lastMerge).toMatchObject({ outcome: 'merged' });
  expect(foldAll(sessionOf(merged, goal('More', 'tip'))).lastMerge).toBeUndefined();
  expect(rewoundTo(2, sessionOf(...ROUND, taken(2), merged)).lastMerge).toBeUndefined();
});

test('work that a rewind removed has to be proved again', () => {
  const state = rewoundTo(2, sessionOf(...ROUND, taken(2)));
  expect(state.proved).toBeUndefined();
});

test('undoing a rewind of finished and merged work restores all of it with its time', () => {
  const merged: NewEvent = { type: 'merge_ended', into: 'main', outcome: 'merged', files: [], commands: [] };
  const events = provedEvents({ before: [taken(2)], more: [merged] });
  const { status, proved, passed, lastMerge } = foldAll(events);
  expect(status.kind).toBe('done');
  const away = withRewind(2, events);
  expect(foldAll(away)).toMatchObject({ status: { kind: 'stopped' }, proved: undefined });
  const again = withRewind('undo', away);
  expect(foldAll(again)).toMatchObject({ status, proved, passed, lastMerge });
  expect(makeProof(again)).toEqual(makeProof(events));
  expect(foldAll(withRewind('undo', again)).status.kind).toBe('stopped');
});

test('after a rewind the work is compared with the base of the goal that it returns to', () => {
  const events = sessionOf(goal('Second', 'tip 1'), taken(2), goal('Third', 'tip 2'), taken(3));
  expect(rewoundTo(3, events).goalBase).toBe('tip 2');
  expect(rewoundTo(2, events).goalBase).toBe('tip 1');
  const same = sessionOf(goal('Go on', 'tip 1'), taken(2), goal('Go on', 'tip 2'), taken(3));
  expect(rewoundTo(2, same).goalBase).toBe('tip 1');
});
