import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeResume } from '../../../../src/core/session/commands/judge-running.ts';
import type { By } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { EventOf, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState, SessionState } from '../../../../src/core/session/events/state.ts';

const byModel: By = { channel: 'tool', client: 'claude-code' };
const byPerson: By = { channel: 'cli' };
const inForm: By = { channel: 'elicitation', client: 'claude-code' };

const asEvent = (body: object) =>
  ({ n: 1, at: '2026-01-08T10:00:00.000Z', lease: 1, ...body }) as SessionEvent;
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

function verdict(by: By, ...events: SessionEvent[]): string {
  const state = events.reduce(fold, emptyState());
  // Read back, as after a restart of everything.
  const read = SessionState.parse(JSON.parse(JSON.stringify(state)));
  const judged = judgeResume({ by }, read);
  return judged.kind === 'refused' ? judged.error.code : judged.kind;
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
