import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gateRuleOf } from '../../../../src/core/caller/commands/early-refusal.ts';
import { commandRefused } from '../../../../src/core/caller/commands/send-command.ts';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import { COMMAND_ROWS, canSend, judgeKind } from '../../../../src/core/session/commands/command-rows.ts';
import type { Command } from '../../../../src/core/session/commands/commands.ts';
import {
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgePublish,
  judgeUnarchive,
} from '../../../../src/core/session/commands/judge-finish.ts';
import {
  judgeAnswer,
  judgeApprove,
  judgeRequestChanges,
} from '../../../../src/core/session/commands/judge-gates.ts';
import { judgeRewind } from '../../../../src/core/session/commands/judge-rewind.ts';
import { judgeRound } from '../../../../src/core/session/commands/judge-round.ts';
import {
  judgeMessage,
  judgeResume,
  judgeStart,
  judgeStop,
  judgeWithdraw,
} from '../../../../src/core/session/commands/judge-running.ts';
import type { Refused, SentBy } from '../../../../src/core/session/commands/refused.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { questionHash, questionsHash } from '../../../../src/core/session/documents/qa.ts';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { nextRound } from '../../../../src/core/session/events/rounds.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { personsArbitrary, rulesArbitrary, statesArbitrary } from '../../../support/random-states.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { STATES } from '../../../support/session-states.ts';

type Kind = Command['kind'];
type Verdict = { kind: 'accepted' } | Refused;

const since = '2026-01-08T10:00:00.000Z';
const PLAN = '# Plan\n\n## Phase 1: Float\n- [ ] Build\n';
const HASH = planHash(PLAN);
const FREE = { into: 'main', ahead: 1, sinceBase: 1, isTaken: false, names: [] };
const EVENTS = [{ type: 'iteration_started', n: 1 }] as unknown as readonly SessionEvent[];
const KEPT = { commits: new Set(['c']), start: 'c', beforeRewinds: new Map<number, string>() };
const ask = (id: string) => ({ id, text: `Which ${id}?`, options: [], round: 1, number: 1 });
const ON_RECORD = ask('Q9');

/** What the worker's judge says of the contents that it is most likely to take, where git and the disk allow all. */
const BEST: Partial<Record<Kind, (state: SessionState, sent: SentBy) => Verdict[]>> = {
  start: (state, { by, rule }) => [judgeStart({ by }, state, { ...sessionFileSample().settings, ...rule })],
  answer(state, { by, rule }) {
    const open = state.status.kind === 'waiting' ? state.status.openQuestions : [];
    const facts = { questions: [...open.map(ask), ON_RECORD], open, unconfirmed: [], ...rule };
    const hash = questionsHash(facts);
    const fixed = { by, hash, acceptSuggestions: false, confirmTyped: false };
    const given = (id: string | undefined) => (id ? [{ id, text: 'this' }] : []);
    return [
      judgeAnswer({ ...fixed, answers: given(open[0]) }, state, facts),
      judgeAnswer({ ...fixed, answers: given('Q9'), replace: true }, state, facts),
    ];
  },
  approve(state, { by, rule }) {
    const plan = { name: 'plan.md', text: PLAN, hash: HASH };
    return [judgeApprove({ by, hash: HASH }, state, { plan, ...rule })];
  },
  request_changes: (state, { by, rule }) => [judgeRequestChanges({ by, feedback: 'Longer' }, state, rule)],
  message: (state) => [judgeMessage({ text: 'Mind the sail' }, state)],
  withdraw_message: (state) =>
    (state.messages.waiting.length > 0 ? state.messages.waiting : [{ id: 'm' }]).map(({ id }) =>
      judgeWithdraw({ message: id }, state, []),
    ),
  stop: (state) => [judgeStop(state)],
  resume: (state, { by }) => [judgeResume({ by }, state), judgeResume({ by, goal: 'More' }, state)],
  archive: (state) => [judgeArchive({ what: 'session', keep: [] }, state, FREE)],
  unarchive: (state) => [judgeUnarchive(state, FREE)],
  merge: (state, { by, rule }) => [judgeMerge({ by, ...rule }, state, FREE)],
  publish: (state, { by, rule }) =>
    (['pull_request', 'round', 'issue'] as const).map((what) =>
      judgePublish({ by, what, ...rule }, state, FREE),
    ),
  discard: (state, { by, rule }) => [judgeDiscard({ by, ...rule }, state, FREE)],
  round(state, { by, rule }) {
    const round = { number: nextRound(state), keys: [], head: 'a', base: 'b', threads: [] };
    return [judgeRound({ by, round, byHand: true }, state, rule)];
  },
  rewind: (state) => [judgeRewind({ to: 0 }, state, { events: EVENTS, kept: KEPT })],
};

const answered = personsArbitrary.map((who) => ({
  ...{ id: 'Q9', question: questionHash(ON_RECORD as never), text: 'that', by: who, at: since },
}));
const states = fc
  .tuple(statesArbitrary, fc.array(answered, { maxLength: 1 }))
  .map(([state, answers]): SessionState => ({ ...state, answers }));
const sender = fc.record({ by: personsArbitrary, rule: rulesArbitrary });
const kind = fc.constantFrom(...(Object.keys(BEST) as Kind[]));

test('the judge of what can be sent now refuses only what the judge of every content refuses, and all of that', () => {
  fc.assert(
    fc.property(kind, states, sender, (asked, now, sent) => {
      // A merge and a publication need commits, which only git knows of.
      const placed = asked === 'merge' ? { ...now, worktree: PLACE } : now;
      const refused = canSend(asked, placed, sent);
      const closed = judgeKind(asked, placed);
      const verdicts = closed ? [closed] : (BEST[asked]?.(placed, sent) ?? []);
      const isTaken = verdicts.some((verdict) => verdict.kind === 'accepted');
      const codes = verdicts.map((verdict) => ('error' in verdict ? verdict.error.code : 'accepted'));
      expect([asked, codes, refused === undefined]).toEqual([asked, codes, isTaken]);
    }),
    { numRuns: 3000 },
  );
});

const PLACE = { path: '/w', branch: 'b', base: 'main', baseCommit: 'c' };

test('every kind has a judge here, but those whose contents alone are judged', () => {
  const without = Object.keys(COMMAND_ROWS).filter((each) => !(each in BEST));
  expect(without).toEqual(['pull_request', 'services']);
  expect(without.filter((each) => COMMAND_ROWS[each as Kind].now !== undefined)).toEqual([]);
});

test('the rule of a session that cannot be read here is left to its worker', () => {
  const [, report] = STATES[0] ?? expect.fail();
  expect(gateRuleOf({ ...report.view, sessionFile: undefined })).toEqual({ gateChannels: CHANNELS });
});

test.each([
  ['merge', 'Nothing was merged.'],
  ['unreadable', 'The session refused this.'],
  ['toString', 'The session refused this.'],
])('what a worker refused begins with what was not done: %s', (refusedKind, what) => {
  const event = { type: 'command_refused', id: 'x', kind: refusedKind, code: 'busy', message: 'y', hint: '' };
  expect(commandRefused(event as never, '26-01-08-boat').what).toBe(what);
});
