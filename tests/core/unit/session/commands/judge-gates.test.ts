import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHashOf } from '../../../../../src/core/kernel/files/fingerprint.ts';
import { CHANNELS } from '../../../../../src/core/kernel/phases/channels.ts';
import {
  judgeAnswer,
  judgeApprove,
  judgeRequestChanges,
} from '../../../../../src/core/session/commands/judge-gates.ts';
import { openedBy } from '../../../../../src/core/session/documents/describe-event.ts';
import { planHash } from '../../../../../src/core/session/documents/plan.ts';
import { openQuestions, questionHash, questionsHash } from '../../../../../src/core/session/documents/qa.ts';
import { newQa } from '../../../../../src/core/session/documents/qa-change.ts';
import type { By, Channel } from '../../../../../src/core/session/events/bodies/who-acted.ts';
import { emptyState, type SessionState, type Status } from '../../../../../src/core/session/events/state.ts';
import {
  byModel,
  byPerson,
  codeOf,
  DONE,
  inForm,
  PEOPLE,
  RUNNING,
  STOPPED,
  stateOf,
  UNCONFIRMED,
  waiting,
} from '../verdicts.ts';

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
    expect(codeOf(judgeAnswer({ ...command, ...given }, asked, facts))).toBe(code);
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
    expect(codeOf(judgeAnswer({ ...command, acceptSuggestions: true }, asked, changed))).toBe(
      'questions_changed',
    );
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
      ['a person at a second terminal', byPerson, byPerson],
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
      expect(codeOf(give(asked, answered(before)))).toBe('already_answered');
    });

    test('may be replaced only until the next agent starts', () => {
      const running: Status = { kind: 'running', since: at };
      const planning = { ...emptyState().progress, phase: 'planning' } as const;
      const unread = { ...answered(byPerson, running), progress: planning };
      const asked = { by: byPerson, answers: B, replace: true } as const;
      expect(give(asked, unread)).toMatchObject({ kind: 'accepted' });
      const later = { ...unread, status: { ...running, since: '2026-01-08T10:09:00.000Z' } };
      expect(codeOf(give(asked, later))).toBe('already_answered');
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
      expect(codeOf(give({ by: byModel, answers: both.slice(0, 1) }, state))).toBe('already_answered');
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
    expect(codeOf(verdict)).toBe('plan_hash_missing');
  });

  test('is refused for another plan, for no plan, and on a closed channel', () => {
    expect(codeOf(judge({ hash: 'deadbeefdead' }))).toBe('plan_changed');
    expect(codeOf(judge({ hash: plan.hash.slice(0, 7) }))).toBe('plan_changed');
    expect(codeOf(judge({}, { plan: undefined }))).toBe('no_plan');
    expect(codeOf(judge({ by: byModel }, { gateChannels: PEOPLE }))).toBe('channel_closed');
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
    expect(codeOf(verdict)).toBe(outcome);
    const confirmed = gateChannels.includes('web') ? 'accepted' : 'refused';
    expect(judge({ by: { channel: 'web' } }, { gateChannels }).kind).toBe(confirmed);
  });

  test('of a plan with its own command is refused to a model, and accepted from a person', () => {
    const own = `${text}\n## MCP servers\n\n- browser\n- tickets: tickets-mcp\n`;
    const proposing = { plan: { ...plan, text: own, hash: planHash(own) } };
    expect(judge({ by: byModel }, proposing)).toMatchObject({
      error: { code: 'servers_need_person', why: expect.stringContaining('(tickets)') },
    });
    expect(codeOf(judge({ by: UNCONFIRMED }, proposing))).toBe('tab_unconfirmed');
    expect(judge({}, proposing)).toMatchObject({ kind: 'accepted', text: own });
    expect(codeOf(judge({}, { plan: { ...plan, text: `${own}- tickets\n` } }))).toBe('servers_unclear');
  });

  test('and a request for changes are refused if no plan waits', () => {
    const facts = { plan, gateChannels: CHANNELS };
    expect(codeOf(judgeApprove({ by: byPerson }, RUNNING, facts))).toBe('not_waiting');
    const request = { by: byPerson, feedback: 'shorter' };
    const open = { gateChannels: CHANNELS };
    expect(codeOf(judgeRequestChanges(request, RUNNING, open))).toBe('not_waiting');
    expect(codeOf(judgeRequestChanges({ ...request, feedback: ' ' }, asked, open))).toBe('empty_feedback');
    expect(judgeRequestChanges(request, asked, open)).toEqual({ kind: 'accepted' });
  });

  test('a model may ask for changes to a plan, unless that opens its first gate', () => {
    const request = { by: byModel, feedback: 'shorter' };
    const facts = { gateChannels: PEOPLE };
    expect(judgeRequestChanges(request, { ...asked, prepared: true }, facts)).toEqual({ kind: 'accepted' });
    expect(codeOf(judgeRequestChanges(request, { ...asked, prepared: false }, facts))).toBe('channel_closed');
  });
});
