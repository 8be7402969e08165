import { expect, test } from 'vitest';
import { findRewindPoint } from '../../../../src/core/session/commands/judge-rewind.ts';
import type { RewindTarget } from '../../../../src/core/session/events/bodies/positions.ts';
import type { NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState, type SessionState } from '../../../../src/core/session/events/state.ts';
import { makeProof } from '../../../../src/core/session/proof/make-proof.ts';
import { ended, provedEvents } from '../../../support/proved-events.ts';

const by = { channel: 'cli' } as const;
const ROUND: NewEvent[] = [
  { type: 'parked', for: 'human_action', resumePhase: 'testing', openQuestions: [], unconfirmed: [] },
];
const goal = (text: string, oldTip: string): NewEvent => ({
  ...{ type: 'resumed', by, phase: 'investigation', resetsCounts: true, goal: text, oldTip },
});
const kept = (iteration: number): NewEvent =>
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
  expect(rewoundTo(2, sessionOf(...ROUND, kept(2), merged)).lastMerge).toBeUndefined();
});

test('work that a rewind removed has to be proved again', () => {
  const state = rewoundTo(2, sessionOf(...ROUND, kept(2)));
  expect(state.proved).toBeUndefined();
});

test('undoing a rewind of finished and merged work restores all of it with its time', () => {
  const merged: NewEvent = { type: 'merge_ended', into: 'main', outcome: 'merged', files: [], commands: [] };
  const events = provedEvents({ before: [kept(2)], more: [merged] });
  const { status, proved, passed, lastMerge } = foldAll(events);
  expect(status.kind).toBe('done');
  const away = withRewind(2, events);
  expect(foldAll(away)).toMatchObject({ status: { kind: 'stopped' }, proved: undefined });
  const again = withRewind('undo', away);
  expect(foldAll(again)).toMatchObject({ status, proved, passed, lastMerge });
  expect(makeProof(again)).toEqual(makeProof(events));
  expect(foldAll(withRewind('undo', again)).status.kind).toBe('stopped');
});

test('after a rewind the work is compared with the base of its own goal', () => {
  const events = sessionOf(goal('Second', 'tip 1'), kept(2), goal('Third', 'tip 2'), kept(3));
  expect(rewoundTo(3, events).goalBase).toBe('tip 2');
  expect(rewoundTo(2, events).goalBase).toBe('tip 1');
  const same = sessionOf(goal('Go on', 'tip 1'), kept(2), goal('Go on', 'tip 2'), kept(3));
  expect(rewoundTo(2, same).goalBase).toBe('tip 1');
});
