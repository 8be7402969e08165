import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { earlyRefusal } from '../../../../src/core/caller/commands/early-refusal.ts';
import { isHashOf } from '../../../../src/core/kernel/files/fingerprint.ts';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import { judgeKind } from '../../../../src/core/session/commands/command-rows.ts';
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
import { judgeRound } from '../../../../src/core/session/commands/judge-round.ts';
import {
  closedGateBefore,
  judgeMessage,
  judgeResume,
  judgeStart,
  judgeStop,
  judgeTakeOver,
  judgeWithdraw,
  openedAtStart,
} from '../../../../src/core/session/commands/judge-running.ts';
import type { Refused } from '../../../../src/core/session/commands/refused.ts';
import { openedBy } from '../../../../src/core/session/documents/describe-event.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { openQuestions, questionHash, questionsHash } from '../../../../src/core/session/documents/qa.ts';
import { newQa } from '../../../../src/core/session/documents/qa-change.ts';
import type { By, Channel } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import {
  emptyState,
  type SessionState,
  type Status,
  type WaitingStatus,
} from '../../../../src/core/session/events/state.ts';

const since = '2026-01-08T10:00:00.000Z';
const byPerson = { channel: 'cli' } as const;
const byModel = { channel: 'tool', client: 'claude-code' } as const;
const UNCONFIRMED = { channel: 'web', unconfirmed: true } as const;
const PEOPLE = ['cli', 'file'] as const;
const inForm = (client: string): By => ({ channel: 'elicitation', client });

function waiting(waitsFor: WaitingStatus['for']): Status {
  const lists = { openQuestions: [], unconfirmed: [] };
  return { kind: 'waiting', since, for: waitsFor, resumePhase: 'implementation', ...lists };
}

const stateOf = (status: Status) => ({ ...emptyState(), status });
const RUNNING = stateOf({ kind: 'running', since });
const STOPPED = stateOf({ kind: 'stopped', since, by: byPerson, why: 'requested' });
const DONE = stateOf({ kind: 'done', since, summary: 'all of it' });

describe('answers', () => {
  const ask = (text: string, letters?: string[]) => ({
    text,
    options: ['this', 'that'],
    ...(letters && { suggestion: { letters, reason: 'short' } }),
  });
  const text = newQa({ title: 'Boats', questions: [ask('Which?', ['A']), ask('When?', ['B']), ask('Why?')] });
  const facts = { ...openQuestions(text, emptyState()), gateChannels: CHANNELS };
  const hash = questionsHash(facts);
  const command = { hash, by: byPerson, answers: [], acceptSuggestions: false, confirmTyped: false };
  const asked = stateOf(waiting('qa_answers'));

  test('a letter takes precedence over the suggestion, and a question with neither stays open', () => {
    const answers = [{ id: 'q1', text: 'b' }];
    expect(judgeAnswer({ ...command, answers, acceptSuggestions: true }, asked, facts)).toMatchObject({
      kind: 'accepted',
      answers: [
        { id: 'Q1', text: 'B' },
        { id: 'Q2', text: 'B' },
      ],
      open: ['Q3'],
    });
  });

  test.each([
    ['an unknown question', { answers: [{ id: 'Q9', text: 'A' }] }, 'unknown_question'],
    ['a letter without an option', { answers: [{ id: 'Q1', text: 'Z' }] }, 'answer_not_understood'],
    ['no answer', {}, 'no_answer_given'],
    ['an empty confirmation', { confirmTyped: true }, 'no_answer_given'],
    ['an answer of an older program', { acceptSuggestions: true, hash: undefined }, 'questions_hash_missing'],
  ])('%s is refused', (_what, given, code) => {
    expect(judgeAnswer({ ...command, ...given }, asked, facts)).toMatchObject({
      kind: 'refused',
      error: { code },
    });
  });

  test.each([
    ['a question', text.replace('Which?', 'Which of them?')],
    ['an option', text.replace('this', 'these')],
    ['a suggestion', text.replace('A - short', 'B - short')],
    ['an answer that was typed', text.replace('_waiting_', 'A')],
    ['a further question', newQa({ title: 'Boats', questions: [ask('Which?', ['A'])] })],
  ])('are refused if %s has changed since they were read', (_what, now) => {
    expect(now).not.toBe(text);
    const changed = { ...openQuestions(now, emptyState()), gateChannels: CHANNELS };
    expect(judgeAnswer({ ...command, acceptSuggestions: true }, asked, changed)).toMatchObject({
      error: { code: 'questions_changed' },
    });
  });

  test('in whatever state, no answer and no approval counts under another hash than what was shown', () => {
    const kinds = ['qa_answers', 'plan_approval', 'file_update', 'human_action'] as const;
    const states = [...kinds.map((kind) => stateOf(waiting(kind))), RUNNING, STOPPED, DONE];
    const plan = { name: 'x', text: '# Plan', hash: planHash('# Plan') };
    const texts = fc.oneof(fc.string(), fc.constantFrom(undefined, hash, hash.slice(0, 7), plan.hash));
    const accepts = ({ kind }: { kind: string }) => kind === 'accepted';
    const cases = fc.record({
      state: fc.constantFrom(...states),
      shown: texts,
      channel: fc.constantFrom(...CHANNELS),
      accept: fc.boolean(),
      replace: fc.constantFrom(true as const, undefined),
    });
    fc.assert(
      fc.property(cases, ({ state, shown, channel, accept, replace }) => {
        const by: By = { channel };
        const given = { by, hash: shown, confirmTyped: true, acceptSuggestions: accept, replace };
        const answers = [{ id: 'Q1', text: 'B' }];
        const isOf = (known: string) => shown !== undefined && isHashOf(shown, known);
        expect(accepts(judgeAnswer({ ...given, answers }, state, facts)) && !isOf(hash)).toBe(false);
        const rule = { plan, gateChannels: CHANNELS };
        expect(accepts(judgeApprove({ by, hash: shown }, state, rule)) && !isOf(plan.hash)).toBe(false);
      }),
    );
  });

  test('are refused if no question is open, and if their channel may not open gates', () => {
    const given = { ...command, acceptSuggestions: true };
    expect(judgeAnswer(given, RUNNING, facts)).toMatchObject({
      error: { code: 'not_waiting' },
      isStatus: true,
    });
    const ofOther = { ...given, by: { ...byPerson, person: 'ben' } };
    expect(judgeAnswer(ofOther, asked, { ...facts, gatePeople: ['anna'] })).toMatchObject({
      error: {
        code: 'person_closed',
        why: 'GATE_PEOPLE of this project lets only anna open gates from another machine of the pool, and this came from ben.',
      },
    });
    const closed = judgeAnswer({ ...given, by: byModel }, asked, { ...facts, gateChannels: PEOPLE });
    expect(closed).toMatchObject({
      error: {
        code: 'channel_closed',
        why: 'GATE_CHANNELS of this project allows only cli, file, and this came by tool (claude-code).',
      },
    });
  });

  describe('a question that is already answered', () => {
    const [first] = facts.questions;
    const at = '2026-01-08T10:05:00.000Z';
    const onRecord = (by: By) => [
      { id: 'Q1', question: questionHash(first ?? expect.fail()), text: 'A', by, at },
    ];
    const answered = (by: By, status: Status = waiting('qa_answers')) => ({
      ...stateOf(status),
      answers: onRecord(by),
    });
    const openFor = (state: SessionState) => ({ ...openQuestions(text, state), gateChannels: CHANNELS });
    interface Gives {
      by: By;
      answers: { id: string; text: string }[];
      replace?: true;
    }
    const give = (given: Gives, state: SessionState) =>
      judgeAnswer({ ...command, ...given }, state, openFor(state));
    const B = [{ id: 'Q1', text: 'B' }];

    test.each<[string, By, By]>([
      ['a second model', byModel, { channel: 'tool', client: 'codex' }],
      ['the same model', byModel, byModel],
      ['a model after a person', byPerson, byModel],
      ['a person after a model', byModel, byPerson],
      ['a person on another channel', byPerson, { channel: 'phone' }],
      ['a person in the form of another client', inForm('claude-code'), inForm('codex')],
      ['somebody at a second terminal', byPerson, byPerson],
      ['a second form of the same client', inForm('codex'), inForm('codex')],
      ['an unconfirmed tab after a confirmed one', { channel: 'web' }, UNCONFIRMED],
    ])(
      'keeps its answer against %s, and the refusal says who gave it, what and when',
      (_who, before, later) => {
        const state = answered(before);
        const answers = [...B, { id: 'Q2', text: 'A' }];
        const verdict = give({ by: later, answers }, state);
        const why = `Q1 was answered first with "A" by ${openedBy(before)}, at ${at}. The first answer counts.`;
        expect(verdict).toMatchObject({ error: { code: 'already_answered', why } });
      },
    );

    test.each<[string, By, By]>([
      ['a person', byPerson, byPerson],
      ['a person after a model', byModel, byPerson],
      ['a person after a form', inForm('codex'), { channel: 'phone' }],
      ['a form after a model', byModel, inForm('codex')],
      ['a form after a form', inForm('claude-code'), inForm('codex')],
      ['a model after a model', byModel, { channel: 'tool', client: 'codex' }],
      ['an unconfirmed tab after another', UNCONFIRMED, UNCONFIRMED],
      ['a confirmed tab after an unconfirmed one', UNCONFIRMED, { channel: 'web' }],
    ])('is replaced by %s who asks for it, and both are named', (_who, before, by) => {
      const state = answered(before);
      expect(give({ by, answers: B, replace: true }, state)).toMatchObject({
        kind: 'accepted',
        answers: [{ id: 'Q1', text: 'B' }],
        replaced: [{ id: 'Q1', text: 'A', by: before, at }],
        open: ['Q2', 'Q3'],
      });
    });

    test.each<[string, By, By]>([
      ['by a person is never replaced by a model', byPerson, byModel],
      ['by a person is never replaced by a form', byPerson, inForm('claude-code')],
      ['in a confirmed tab is never replaced by an unconfirmed one', { channel: 'web' }, UNCONFIRMED],
      ['in a form is never replaced by a model', inForm('claude-code'), byModel],
    ])('%s', (_title, before, by) => {
      const asked = { by, answers: B, replace: true } as const;
      expect(give(asked, answered(before))).toMatchObject({ error: { code: 'already_answered' } });
    });

    test('may be replaced only until the next agent starts', () => {
      const running: Status = { kind: 'running', since: at };
      const planning = { ...emptyState().progress, phase: 'planning' } as const;
      const unread = { ...answered(byPerson, running), progress: planning };
      const asked = { by: byPerson, answers: B, replace: true } as const;
      expect(give(asked, unread)).toMatchObject({ kind: 'accepted' });
      const later = { ...unread, status: { ...running, since: '2026-01-08T10:09:00.000Z' } };
      expect(give(asked, later)).toMatchObject({
        error: { code: 'already_answered' },
      });
    });

    test('is not recorded again if it is the same, while an answer to another question is', () => {
      const state = answered(byPerson);
      const both = [
        { id: 'Q1', text: 'a' },
        { id: 'Q2', text: 'A' },
      ];
      expect(give({ by: byModel, answers: both }, state)).toMatchObject({
        answers: [{ id: 'Q2', text: 'A' }],
        open: ['Q3'],
      });
      expect(give({ by: byModel, answers: both.slice(0, 1) }, state)).toMatchObject({
        error: { code: 'already_answered' },
      });
    });

    test('names whoever gave the last answer in any later refusal', () => {
      const all = facts.questions.map((question) => ({
        ...{ id: question.id, question: questionHash(question), text: 'A' },
        ...{ by: byPerson, at },
      }));
      const state = { ...RUNNING, answers: all };
      const late = { ...command, by: byModel, acceptSuggestions: true };
      expect(judgeAnswer(late, state, openFor(state))).toMatchObject({
        error: { code: 'already_answered', why: expect.stringContaining('a person, in the terminal') },
      });
    });
  });
});

describe('an approval', () => {
  const text = '# Plan\n\n### Phase 1: names\n- [ ] one\n';
  const plan = { name: '01-08-1000-plan-x.md', text, hash: planHash(text) };
  const asked = stateOf(waiting('plan_approval'));
  const judge = (
    given: { hash?: string | undefined; by?: By },
    facts: { plan?: typeof plan; [fact: string]: unknown } = {},
  ) =>
    judgeApprove({ by: byPerson, hash: facts.plan?.hash ?? plan.hash, ...given }, asked, {
      ...{ plan, gateChannels: CHANNELS },
      ...facts,
    });

  test('of the current plan continues with the phase that waited', () => {
    const accepted = {
      kind: 'accepted',
      plan: { name: plan.name, hash: plan.hash },
      phase: 'implementation',
    };
    expect(judge({})).toMatchObject(accepted);
    expect(judge({ hash: plan.hash.slice(0, 12) })).toMatchObject(accepted);
  });

  test.each(CHANNELS)('by %s is refused if it names no version', (channel) => {
    const verdict = judge({ by: { channel }, hash: undefined });
    expect(verdict).toMatchObject({ error: { code: 'plan_hash_missing' } });
  });

  test('is refused for another plan, for no plan, and on a closed channel', () => {
    expect(judge({ hash: 'deadbeefdead' })).toMatchObject({ error: { code: 'plan_changed' } });
    expect(judge({ hash: plan.hash.slice(0, 7) })).toMatchObject({ error: { code: 'plan_changed' } });
    expect(judge({}, { plan: undefined })).toMatchObject({ error: { code: 'no_plan' } });
    expect(judge({ by: byModel }, { gateChannels: PEOPLE })).toMatchObject({
      error: { code: 'channel_closed' },
    });
  });

  test.each<[string | undefined, string[] | undefined, string]>([
    ['anna', ['anna'], 'accepted'],
    ['ben', ['anna'], 'refused'],
    ['ben', [], 'refused'],
    ['ben', undefined, 'accepted'],
    [undefined, ['anna'], 'accepted'],
  ])('by %s is, where GATE_PEOPLE is %s, %s', (person, gatePeople, kind) => {
    expect(judge({ by: { channel: 'cli', person } }, { gatePeople }).kind).toBe(kind);
  });

  test.each<[Channel[], string]>([
    [['cli', 'phone', 'web'], 'tab_unconfirmed'],
    [['web'], 'tab_unconfirmed'],
    [['cli', 'phone'], 'channel_closed'],
    [['cli', 'web', 'elicitation'], 'accepted'],
    [['web', 'file'], 'accepted'],
    [['tool', 'cli'], 'channel_closed'],
    [[...CHANNELS], 'accepted'],
  ])('where %s may approve, that of an unconfirmed tab is %s', (gateChannels, outcome) => {
    const verdict = judge({ by: UNCONFIRMED }, { gateChannels });
    expect(verdict.kind === 'refused' ? verdict.error.code : verdict.kind).toBe(outcome);
    const confirmed = gateChannels.includes('web') ? 'accepted' : 'refused';
    expect(judge({ by: { channel: 'web' } }, { gateChannels }).kind).toBe(confirmed);
  });

  test('of a plan with its own command is refused to a model, and accepted from a person', () => {
    const own = `${text}\n## MCP servers\n\n- browser\n- tickets: tickets-mcp\n`;
    const proposing = { plan: { ...plan, text: own, hash: planHash(own) } };
    expect(judge({ by: byModel }, proposing)).toMatchObject({
      error: { code: 'servers_need_person', why: expect.stringContaining('(tickets)') },
    });
    expect(judge({ by: UNCONFIRMED }, proposing)).toMatchObject({ error: { code: 'tab_unconfirmed' } });
    expect(judge({}, proposing)).toMatchObject({ kind: 'accepted', text: own });
    expect(judge({}, { plan: { ...plan, text: `${own}- tickets\n` } })).toMatchObject({
      error: { code: 'servers_unclear' },
    });
  });

  test('and a request for changes are refused if no plan waits', () => {
    const facts = { plan, gateChannels: CHANNELS };
    expect(judgeApprove({ by: byPerson }, RUNNING, facts)).toMatchObject({ error: { code: 'not_waiting' } });
    const request = { by: byPerson, feedback: 'shorter' };
    const open = { gateChannels: CHANNELS };
    expect(judgeRequestChanges(request, RUNNING, open)).toMatchObject({ error: { code: 'not_waiting' } });
    expect(judgeRequestChanges({ ...request, feedback: ' ' }, asked, open)).toMatchObject({
      error: {
        code: 'empty_feedback',
      },
    });
    expect(judgeRequestChanges(request, asked, open)).toEqual({ kind: 'accepted' });
  });

  test('a model may ask for changes to a plan, unless that opens its first gate', () => {
    const request = { by: byModel, feedback: 'shorter' };
    const facts = { gateChannels: PEOPLE };
    expect(judgeRequestChanges(request, { ...asked, prepared: true }, facts)).toEqual({ kind: 'accepted' });
    expect(judgeRequestChanges(request, { ...asked, prepared: false }, facts)).toMatchObject({
      error: {
        code: 'channel_closed',
      },
    });
  });
});

describe('a start', () => {
  const settings = {
    gates: ['qa', 'plan'] as ('qa' | 'plan')[],
    gateChannels: [...PEOPLE],
    sandbox: 'auto' as const,
    limits: { session: {}, phases: {} },
  };
  const none = { ...settings, autoApprove: false, acceptSuggestions: false };
  const both = { ...settings, autoApprove: true, acceptSuggestions: true };

  test('that opens a gate is refused if its channel may not, and one that opens none is accepted', () => {
    expect(judgeStart({ by: byModel }, {}, none)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byPerson }, {}, both)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, both)).toMatchObject({
      error: {
        code: 'channel_closed',
        why: expect.stringContaining('accept its suggestions and approve its plan without asking'),
      },
    });
  });

  test('that lowers the sandbox is refused to a model and to a form, and accepted from a person', () => {
    const open = { ...none, gateChannels: [...CHANNELS] };
    const lowered = { ...open, sandbox: 'off', sandboxLowered: true } as const;
    expect(judgeStart({ by: byPerson }, {}, lowered)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, { ...open, sandbox: 'off' })).toEqual({ kind: 'accepted' });
    for (const by of [byModel, inForm('claude-code')])
      expect(judgeStart({ by }, {}, lowered)).toMatchObject({
        error: {
          code: 'person_needed',
          why: expect.stringContaining('sandbox off'),
        },
      });
  });

  test('of quick work needs a channel that may open gates, and on the text of an issue a person', () => {
    const quick = { way: 'quick' } as const;
    const issue = { repository: 'h/o/n', number: 7, url: 'u', title: 't', text: 'x' };
    const toAll = { ...none, gateChannels: [...CHANNELS] };
    expect(judgeStart({ by: byPerson }, {}, none, quick)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, none, { way: 'plan' })).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, none, quick)).toMatchObject({
      error: { code: 'channel_closed', why: expect.stringContaining('work without questions and a plan') },
    });
    expect(judgeStart({ by: byModel }, {}, toAll, quick)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byPerson }, {}, toAll, { ...quick, issue })).toEqual({ kind: 'accepted' });
    for (const by of [byModel, inForm('claude-code')])
      expect(judgeStart({ by }, {}, toAll, { ...quick, issue })).toMatchObject({
        error: { code: 'quick_issue_needs_person' },
      });
  });

  test('is accepted once', () => {
    const started = { createdAt: since };
    expect(judgeStart({ by: byPerson }, started, none)).toMatchObject({ error: { code: 'already_started' } });
  });

  test('does not open a gate for a later goal that comes through a closed channel', () => {
    expect(openedAtStart('plan', both, byPerson)).toEqual({ ...byPerson, atStart: true });
    expect(openedAtStart('plan', both, byModel)).toBeUndefined();
    expect(openedAtStart('qa', both, byModel)).toBeUndefined();
  });

  test('opens a gate in the name of whoever chose that, or of the settings if a trusted line did', () => {
    const chosen = { ...byModel, atStart: true };
    const toAll = { ...both, gateChannels: [...CHANNELS] };
    expect(openedAtStart('plan', toAll, byModel)).toEqual(chosen);
    expect(openedAtStart('plan', { ...toAll, gates: [] }, byModel)).toEqual(chosen);
    expect(openedAtStart('plan', { ...none, gates: ['qa'] }, byModel)).toEqual({ channel: 'settings' });
    expect(openedAtStart('qa', { ...none, gates: ['qa'] }, byModel)).toBeUndefined();
  });
});

describe('a resume', () => {
  test.each([
    ['a session at the first gate', stateOf(waiting('qa_answers')), {}, 'gate_closed'],
    ['a session at the second gate', stateOf(waiting('plan_approval')), {}, 'gate_closed'],
    ['a session at a gate, with new work', stateOf(waiting('plan_approval')), { goal: 'x' }, 'gate_closed'],
    ['a running session', RUNNING, {}, 'already_running'],
    [
      'a session that is being stopped',
      { ...RUNNING, stopWanted: { by: byPerson, when: 'now' as const } },
      {},
      'stop_under_way',
    ],
    ['a done session without new work', DONE, {}, 'goal_missing'],
    ['a done session with blank new work', DONE, { goal: ' ' }, 'goal_missing'],
    ['a stopped session with new work', STOPPED, { goal: 'x' }, 'not_done'],
  ])('of %s is refused', (_what, state, command, code) => {
    expect(judgeResume({ by: byPerson, ...command }, state)).toMatchObject({
      kind: 'refused',
      error: { code },
    });
  });

  test('continues in the phase of the session', () => {
    const blocked = stateOf({ kind: 'blocked', since, reason: 'x', needs: 'y', rule: 'z' });
    expect(judgeResume({ by: byPerson }, stateOf(waiting('file_update')))).toMatchObject({
      phase: 'implementation',
    });
    expect(judgeResume({ by: byPerson }, STOPPED)).toMatchObject({ kind: 'accepted', resetsCounts: false });
    expect(judgeResume({ by: byPerson }, blocked)).toMatchObject({ kind: 'accepted', resetsCounts: true });
    expect(judgeResume({ by: byPerson, goal: 'More' }, DONE)).toMatchObject({ phase: 'investigation' });
  });

  test('in another phase is refused while a gate before it is closed, as a typed phase is', () => {
    const asked = { by: byPerson, phase: 'testing' } as const;
    const closedGate = closedGateBefore('testing', STOPPED, { gates: ['plan'], open: 0 });
    expect(closedGate).toBe('no plan has been approved yet');
    const refusal = { kind: 'refused', error: { code: 'phase_closed' } };
    expect(judgeResume({ ...asked, goal: 'More' }, DONE)).toMatchObject(refusal);
    expect(judgeResume(asked, STOPPED, { closedGate })).toMatchObject(refusal);
    for (const state of [STOPPED, stateOf(waiting('file_update'))])
      expect(judgeResume(asked, state)).toMatchObject({ kind: 'accepted', phase: 'testing' });
    expect(closedGateBefore('planning', STOPPED, { gates: ['plan'], open: 0 })).toBeUndefined();
  });

  test.each(['tool', 'file', 'settings'] as const)(
    'of a session that waits for consent to programs started by git is refused on channel %s',
    (channel) => {
      const status = {
        kind: 'blocked',
        since,
        reason: 'x',
        needs: 'y',
        rule: 'git_programs_changed',
      } as const;
      const refused = judgeResume({ by: { channel } }, stateOf(status));
      expect(refused).toMatchObject({ kind: 'refused', error: { code: 'needs_person' } });
      expect(judgeResume({ by: byPerson }, stateOf(status))).toMatchObject({ kind: 'accepted' });
    },
  );

  test('at a lower sandbox level is refused to a model until the guard is back', () => {
    const rule = 'sandbox_lower';
    const status = { kind: 'blocked', since, reason: 'x', needs: 'y', rule } as const;
    const byModel = { by: { channel: 'tool' } } as const;
    expect(judgeResume(byModel, stateOf(status), { lowered: 'none' })).toMatchObject({
      error: {
        code: 'needs_person',
        why: expect.stringContaining('"none"'),
      },
    });
    expect(judgeResume({ by: byPerson }, stateOf(status), { lowered: 'none' }).kind).toBe('accepted');
    expect(judgeResume(byModel, stateOf(status)).kind).toBe('accepted');
  });

  test.each([
    ['accepts the programs of git', 'git_programs_changed', {}],
    ['lowers the sandbox', 'sandbox_lower', { lowered: 'none' }],
  ] as const)('that %s needs a person at the machine that has the session', (_, rule, facts) => {
    const status = { kind: 'blocked', since, reason: 'x', needs: 'y', rule } as const;
    const elsewhere = { by: { channel: 'cli', person: 'ben' } } as const;
    expect(judgeResume(elsewhere, stateOf(status), facts)).toMatchObject({ error: { code: 'needs_person' } });
    expect(judgeResume({ by: byPerson }, stateOf(status), facts).kind).toBe('accepted');
  });

  test('that would block again immediately names the limit that is reached', () => {
    const next = [{ act: 'raise_limits', args: { hours: 5 } }] as const;
    const refused = judgeResume({ by: byPerson }, STOPPED, {
      spent: { reason: 'The budget is spent.', next },
    });
    expect(refused).toMatchObject({ error: { code: 'budget_spent', next } });
  });
});

describe('an archiving', () => {
  const facts = { names: ['01-08-1000-dive-x.md', '01-08-1001-plan-x.md', '_qa.md'], isTaken: false };
  const session = { what: 'session' as const, keep: [] };
  const documents = (...keep: string[]) => ({ what: 'documents' as const, keep });
  const present = {
    kind: 'present',
    uncommitted: [{ path: 'a', kind: 'added' }],
    unreachedCommits: 2,
  } as const;

  test('of documents takes only those that are not kept', () => {
    expect(judgeArchive(documents('01-08-1001-plan-x.md'), DONE, facts)).toEqual({
      kind: 'accepted',
      moved: ['01-08-1000-dive-x.md'],
    });
  });

  test.each([
    ['a running session', session, RUNNING, facts, 'not_at_rest'],
    ['a session whose archive name is taken', session, DONE, { ...facts, isTaken: true }, 'folder_taken'],
    [
      'a worktree with uncommitted work',
      session,
      DONE,
      { ...facts, worktree: { path: '/w', reading: present } },
      'would_lose_work',
    ],
    ['an unknown document', documents('x.md'), DONE, facts, 'unknown_document'],
    ['an empty list of documents', documents(), DONE, { ...facts, names: [] }, 'nothing_to_archive'],
  ])('of %s is refused', (_what, command, state, given, code) => {
    expect(judgeArchive(command, state, given)).toMatchObject({ kind: 'refused', error: { code } });
  });

  test('lists the files and commits that would be lost', () => {
    const given = { ...facts, worktree: { path: '/w', reading: present } };
    expect(judgeArchive(session, DONE, given)).toMatchObject({
      error: { why: 'Changes in /w are not committed: a. Commits there that are on no branch: 2.' },
    });
  });

  test('is reversed if the session is archived and its original path is free', () => {
    expect(judgeUnarchive({ archived: true }, facts)).toMatchObject({ kind: 'accepted' });
    expect(judgeUnarchive({ archived: false }, facts)).toMatchObject({ error: { code: 'not_archived' } });
    expect(judgeUnarchive({ archived: true }, { isTaken: true })).toMatchObject({
      error: { code: 'folder_taken' },
    });
  });

  test.each(['archive', 'documents', 'unarchive', 'merge', 'discard_unbegun'])(
    'that is in progress as %s refuses each act but a stop, and says so',
    (kind) => {
      const work = { kind, by: byPerson, to: 'x', into: 'x', moved: [], kept: [], effects: [] };
      const state = { archived: false, work: work as unknown as NonNullable<SessionState['work']> };
      expect(judgeKind('unarchive', state)).toMatchObject({ error: { code: 'busy' } });
      expect(judgeKind('resume', state)).toMatchObject({ error: { code: 'busy' } });
      expect(judgeKind('stop', state)).toBeUndefined();
    },
  );

  test('that is a discard is not called something that is not in the archive', () => {
    const work = { kind: 'discard_unbegun', by: byPerson } as const;
    expect(judgeKind('unarchive', { archived: false, work })).toMatchObject({
      error: { why: 'Its discarding is not finished.' },
    });
  });
});

const ASKED = { by: byPerson, gateChannels: [...CHANNELS] };
const NONE = { names: [], isTaken: false };
const publishing = (what: 'pull_request' | 'round' | 'issue', state: SessionState) =>
  judgePublish({ ...ASKED, what }, state, { sinceBase: 0 });
const ROUND = { number: 1, keys: ['a'], head: 'h', byHand: true };

const GONE = { path: '/w', reading: { kind: 'foreign', problem: 'no .git' } } as const;

test.each<[kind: Command['kind'], verdict: { kind: 'accepted' } | Refused, what: string, why: string]>([
  ['archive', judgeArchive({ what: 'session', keep: [] }, RUNNING, NONE), 'Nothing was moved.', 'is running'],
  ['discard', judgeDiscard(ASKED, RUNNING, NONE), 'Nothing was discarded.', 'is running'],
  [
    'discard',
    judgeDiscard(ASKED, DONE, { isTaken: true }),
    'Nothing was discarded.',
    'Another folder exists',
  ],
  [
    'discard',
    judgeDiscard(ASKED, DONE, { ...NONE, worktree: GONE }),
    'Nothing was discarded.',
    'not a worktree',
  ],
  ['merge', judgeMerge(ASKED, RUNNING, { into: 'main', ahead: 1 }), 'Nothing was merged.', 'is running'],
  ['merge', judgeMerge(ASKED, DONE, { into: 'main', ahead: 0 }), 'Nothing was merged.', 'no commit'],
  ['publish', publishing('pull_request', RUNNING), 'Nothing was published.', 'is running'],
  ['publish', publishing('pull_request', DONE), 'Nothing was published.', 'no commit'],
  ['publish', publishing('round', RUNNING), 'Nothing was published.', 'is running'],
  ['publish', publishing('issue', DONE), 'Nothing was published.', 'not been merged'],
  [
    'round',
    judgeRound({ by: byPerson, round: ROUND, byHand: true } as never, RUNNING, ASKED),
    'No round was begun.',
    'is running',
  ],
  ['message', judgeMessage({ text: 'x' }, DONE), 'The message was not stored.', 'is done'],
])('the refusal of a command to %s names that act', (kind, verdict, what, why) => {
  if (verdict.kind === 'accepted') throw new Error('It was accepted.');
  expect(earlyRefusal(kind, verdict)).toMatchObject({ what, why: expect.stringContaining(why) });
});

test('in the archive, during a rewind or while an agent runs, only some kinds of commands are accepted', () => {
  const archived = { ...DONE, archived: true };
  expect(judgeKind('resume', archived)).toMatchObject({ error: { code: 'archived' } });
  expect(judgeKind('archive', archived)).toMatchObject({ error: { code: 'archived' } });
  expect(judgeKind('unarchive', archived)).toBeUndefined();
  const back = { progress: DONE.progress, answers: [], oldRounds: 0, oldPlans: [] };
  const halfway = {
    kind: 'rewind' as const,
    n: 1,
    by: byPerson,
    to: 1,
    commit: 'c',
    back,
    isHalfway: true as const,
  };
  expect(judgeKind('answer', { archived: false, work: halfway })).toMatchObject({
    error: {
      code: 'rewind_halfway',
    },
  });
  expect(judgeKind('approve', RUNNING, 'agent_runs')).toMatchObject({ error: { code: 'child_runs' } });
  expect(judgeKind('stop', RUNNING, 'agent_runs')).toBeUndefined();
});

test('a message is kept only if an agent will read it', () => {
  expect(judgeMessage({ text: 'x' }, STOPPED)).toMatchObject({ kind: 'accepted' });
  expect(judgeMessage({ text: ' ' }, STOPPED)).toMatchObject({ error: { code: 'empty_message' } });
  expect(judgeMessage({ text: 'x' }, DONE)).toMatchObject({ error: { code: 'done' } });
});

describe('a message', () => {
  const by = byPerson;
  const log = [
    { type: 'message_kept', by, id: 'GIVEN', file: 'f' },
    { type: 'messages_delivered', ids: ['GIVEN'], iteration: 7 },
    { type: 'messages_acknowledged', ids: ['GIVEN'] },
    { type: 'message_kept', by, id: 'GONE', file: 'f' },
    { type: 'message_withdrawn', by, id: 'GONE' },
    { type: 'message_kept', by, id: 'UNREAD', file: 'f', line: 'Mind the boats' },
  ];
  const events = log.map(
    (event, index) => ({ v: 2, n: index + 1, at: since, lease: 1, ...event }) as SessionEvent,
  );
  const state = events.reduce(fold, emptyState());

  test('is withdrawn only if no agent has received it', () => {
    expect(judgeWithdraw({ message: 'UNREAD' }, state, events)).toEqual({ kind: 'accepted' });
  });

  test.each([
    ['GIVEN', 'message_received', 'The agent of iteration 7 has received it.'],
    ['GONE', 'message_withdrawn', 'The message was already withdrawn.'],
    ['../UNREAD', 'message_unknown', 'There is no message "../UNREAD".'],
  ])('that is %s is refused with %s', (message, code, why) => {
    expect(judgeWithdraw({ message }, state, events)).toMatchObject({
      kind: 'refused',
      error: { code, why },
    });
  });

  test('that does not exist is refused with those that can be withdrawn', () => {
    expect(judgeWithdraw({ message: 'X' }, state, events)).toMatchObject({
      error: { hint: `Give the id of one: UNREAD (${since}, "Mind the boats").` },
    });
  });

  test('can be withdrawn while an agent runs, but not in the archive', () => {
    expect(judgeKind('withdraw_message', RUNNING, 'agent_runs')).toBeUndefined();
    expect(judgeKind('withdraw_message', { ...STOPPED, archived: true })).toMatchObject({
      error: { code: 'archived' },
    });
  });
});

test('a stop applies to the current work, else to the session, and is refused if there is nothing to stop', () => {
  expect(judgeStop(stateOf({ kind: 'starting', since }))).toMatchObject({ how: 'request' });
  expect(judgeStop(stateOf(waiting('qa_answers')))).toMatchObject({ how: 'stop' });
  expect(judgeStop(STOPPED)).toMatchObject({ error: { code: 'not_running' } });
});

describe('taking a session over', () => {
  const owner = { hostId: 'h', bootId: 'b', pidNamespace: 'n', pid: 7, startTicks: '1' };
  const lease = { v: 2 as const, number: 3, owner, acquiredAt: since };
  const held = (liveness: 'alive' | 'dead' | 'unknowable') => ({ kind: 'held' as const, lease, liveness });

  test.each([
    ['a worker whose state is unknown', { holding: held('unknowable') }, { kind: 'accepted', lease }],
    ['the worker that was given up', { holding: held('unknowable'), givenUp: 3 }, { kind: 'accepted' }],
    [
      'a worker other than the one given up',
      { holding: held('unknowable'), givenUp: 2 },
      { error: { code: 'worker_lives' } },
    ],
    ['a local worker that runs', { holding: held('alive') }, { error: { code: 'worker_lives' } }],
    ['a local worker that died', { holding: held('dead') }, { kind: 'not_needed' }],
    ['nobody', { holding: { kind: 'free' as const } }, { kind: 'not_needed' }],
    [
      'a newer version',
      { holding: held('dead'), otherBuild: { is: 'newer' as const, trace: 'format 9' } },
      { error: { code: 'newer_format' } },
    ],
  ])('from %s gets its verdict', (_whom, facts, verdict) => {
    expect(judgeTakeOver({ session: 'jwt', ...facts })).toMatchObject(verdict);
  });
});
