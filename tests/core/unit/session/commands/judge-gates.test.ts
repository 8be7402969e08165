import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isHashOf } from '../../../../../src/core/kernel/files/fingerprint.ts';
import { CHANNELS } from '../../../../../src/core/kernel/phases/channels.ts';
import {
  judgeAnswer,
  judgeApprove,
  judgeRequestChanges,
} from '../../../../../src/core/session/commands/judge-gates.ts';
import { planHash } from '../../../../../src/core/session/documents/plan.ts';
import { openQuestions, questionHash, questionsHash } from '../../../../../src/core/session/documents/qa.ts';
import { newQa } from '../../../../../src/core/session/documents/qa-change.ts';
import type { By, Channel } from '../../../../../src/core/session/events/bodies/who-acted.ts';
import { emptyState, type SessionState, type Status } from '../../../../../src/core/session/events/state.ts';
import { type Tables, tabled } from '../../../../support/film.ts';
import {
  byModel,
  byPerson,
  DONE,
  inForm,
  PEOPLE,
  RUNNING,
  STOPPED,
  stateOf,
  UNCONFIRMED,
  waiting,
} from '../verdicts.ts';

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
const only = (id: string, text: string) => ({ answers: [{ id, text }] });
const accepting = { acceptSuggestions: true };

const answer = (given: object, more: object = {}, state: SessionState = asked) =>
  judgeAnswer({ ...command, ...given }, state, { ...facts, ...more });
const afterChange = (now: string) => {
  expect(now).not.toBe(text);
  return answer(accepting, openQuestions(now, emptyState()));
};

const ANSWERS: Tables = {
  'answers, open: a letter takes precedence over the suggestion, and a question with neither stays open': {
    'a letter and the suggestions': answer({ ...only('q1', 'b'), ...accepting }),
  },
  'unknown_question, answer_not_understood, no_answer_given, questions_hash_missing: refused are': {
    'an unknown question': answer(only('Q9', 'A')),
    'a letter without an option': answer(only('Q1', 'Z')),
    'no answer': answer({}),
    'an empty confirmation': answer({ confirmTyped: true }),
    'an answer of an older program': answer({ ...accepting, hash: undefined }),
  },
  'questions_changed: answers are refused if something has changed since the questions were read': {
    'a question': afterChange(text.replace('Which?', 'Which of them?')),
    'an option': afterChange(text.replace('this', 'these')),
    'a suggestion': afterChange(text.replace('A - short', 'B - short')),
    'an answer that was typed': afterChange(text.replace('_waiting_', 'A')),
    'a further question': afterChange(newQa({ title: 'Boats', questions: [ask('Which?', ['A'])] })),
  },
  'not_waiting, person_closed, channel_closed: answers are refused': {
    'if no question is open': answer(accepting, {}, RUNNING),
    'from another person than those of GATE_PEOPLE': answer(
      { ...accepting, by: { ...byPerson, person: 'ben' } },
      { gatePeople: ['anna'] },
    ),
    'on a channel that opens no gates': answer({ ...accepting, by: byModel }, { gateChannels: PEOPLE }),
  },
};

const [first = expect.fail()] = facts.questions;
const at = '2026-01-08T10:05:00.000Z';
const recorded = (question: typeof first, by: By) => ({
  ...{ id: question.id, question: questionHash(question), text: 'A', by, at },
});
const answered = (by: By, status: Status = waiting('qa_answers')): SessionState => ({
  ...stateOf(status),
  answers: [recorded(first, by)],
});
const give = (given: object, state: SessionState) => answer(given, openQuestions(text, state), state);
const B = only('Q1', 'B');
const again = (before: By, by: By) =>
  give({ by, answers: [...B.answers, { id: 'Q2', text: 'A' }] }, answered(before));
const replacing = (before: By, by: By) => give({ by, ...B, replace: true }, answered(before));

const CODEX: By = { channel: 'tool', client: 'codex' };
const PHONE: By = { channel: 'phone' };
const TAB: By = { channel: 'web' };
const running: Status = { kind: 'running', since: at };
const planning = { ...emptyState().progress, phase: 'planning' } as const;
const unread: SessionState = { ...answered(byPerson, running), progress: planning };
const read: SessionState = { ...unread, status: { ...running, since: '2026-01-08T10:09:00.000Z' } };
const both = [
  { id: 'Q1', text: 'a' },
  { id: 'Q2', text: 'A' },
];
const allAnswered = { ...RUNNING, answers: facts.questions.map((each) => recorded(each, byPerson)) };

const SECOND_ANSWERS: Tables = {
  'already_answered: an answer is kept, and the refusal says who gave it, what and when': {
    'against a second model': again(byModel, CODEX),
    'against the same model': again(byModel, byModel),
    'against a model after a person': again(byPerson, byModel),
    'against a person after a model': again(byModel, byPerson),
    'against a person on another channel': again(byPerson, PHONE),
    'against a person in the form of another client': again(inForm('claude-code'), inForm('codex')),
    'against a person at a second terminal': again(byPerson, byPerson),
    'against a second form of the same client': again(inForm('codex'), inForm('codex')),
    'against an unconfirmed tab after a confirmed one': again(TAB, UNCONFIRMED),
  },
  'accepted, replaced: an answer is replaced by who asks for it and may, and both are named': {
    'a person': replacing(byPerson, byPerson),
    'a person after a model': replacing(byModel, byPerson),
    'a person after a form': replacing(inForm('codex'), PHONE),
    'a form after a model': replacing(byModel, inForm('codex')),
    'a form after a form': replacing(inForm('claude-code'), inForm('codex')),
    'a model after a model': replacing(byModel, CODEX),
    'an unconfirmed tab after another': replacing(UNCONFIRMED, UNCONFIRMED),
    'a confirmed tab after an unconfirmed one': replacing(UNCONFIRMED, TAB),
  },
  'already_answered: an answer is never replaced': {
    'of a person by a model': replacing(byPerson, byModel),
    'of a person by a form': replacing(byPerson, inForm('claude-code')),
    'of a confirmed tab by an unconfirmed one': replacing(TAB, UNCONFIRMED),
    'of a form by a model': replacing(inForm('claude-code'), byModel),
  },
  'accepted, already_answered: an answer may be replaced only until the next agent starts': {
    'before it': give({ by: byPerson, ...B, replace: true }, unread),
    'after it': give({ by: byPerson, ...B, replace: true }, read),
  },
  'answers, already_answered: the same answer is not recorded again': {
    'beside one to another question': give({ by: byModel, answers: both }, answered(byPerson)),
    alone: give({ by: byModel, answers: both.slice(0, 1) }, answered(byPerson)),
    'to all questions, long after': give({ by: byModel, ...accepting }, allAnswered),
  },
};

const PLAN = '# Plan\n\n### Phase 1: names\n- [ ] one\n';
const plan = { name: '01-08-1000-plan-x.md', text: PLAN, hash: planHash(PLAN) };
const planWith = (more: string) => ({ ...plan, text: `${PLAN}${more}`, hash: planHash(`${PLAN}${more}`) });
const shown = stateOf(waiting('plan_approval'));
const approve = (
  given: { hash?: string | undefined; by?: By },
  facts: { plan?: typeof plan; [fact: string]: unknown } = {},
  state: SessionState = shown,
) =>
  judgeApprove({ by: byPerson, hash: facts.plan?.hash ?? plan.hash, ...given }, state, {
    ...{ plan, gateChannels: CHANNELS },
    ...facts,
  });
const of = (person: string | undefined, gatePeople: string[] | undefined) =>
  approve({ by: { channel: 'cli', person } }, { gatePeople });
const inTab = (...gateChannels: Channel[]) => ({
  unconfirmed: approve({ by: UNCONFIRMED }, { gateChannels }),
  confirmed: approve({ by: TAB }, { gateChannels }),
});
const OWN = planWith('\n## MCP servers\n\n- browser\n- tickets: tickets-mcp\n');
const request = (more: object, facts: object = {}, state: SessionState = shown) =>
  judgeRequestChanges({ by: byPerson, feedback: 'shorter', ...more }, state, {
    ...{ gateChannels: CHANNELS },
    ...facts,
  });

const APPROVALS: Tables = {
  'accepted, phase: an approval of the current plan continues with the phase that waited': {
    'by its hash': approve({}),
    'by twelve signs of it': approve({ hash: plan.hash.slice(0, 12) }),
  },
  'plan_hash_missing: an approval that names no version is refused': Object.fromEntries(
    CHANNELS.map((channel) => [channel, approve({ by: { channel }, hash: undefined })]),
  ),
  'plan_changed, no_plan, channel_closed, not_waiting: an approval is refused': {
    'of another plan': approve({ hash: 'deadbeefdead' }),
    'by seven signs': approve({ hash: plan.hash.slice(0, 7) }),
    'of no plan': approve({}, { plan: undefined }),
    'on a closed channel': approve({ by: byModel }, { gateChannels: PEOPLE }),
    'if no plan waits': approve({}, {}, RUNNING),
  },
  'accepted, person_closed: GATE_PEOPLE says who may approve from another machine': {
    'anna, where it is anna': of('anna', ['anna']),
    'ben, where it is anna': of('ben', ['anna']),
    'ben, where it is empty': of('ben', []),
    'ben, where it is not set': of('ben', undefined),
    'nobody else, where it is anna': of(undefined, ['anna']),
  },
  'tab_unconfirmed, channel_closed, accepted: in a tab of the page, an approval is, where may approve': {
    'cli, phone and web': inTab('cli', 'phone', 'web'),
    web: inTab('web'),
    'cli and phone': inTab('cli', 'phone'),
    'cli, web and forms': inTab('cli', 'web', 'elicitation'),
    'web and files': inTab('web', 'file'),
    'tools and cli': inTab('tool', 'cli'),
    'every channel': inTab(...CHANNELS),
  },
  'servers_need_person, tab_unconfirmed, servers_unclear, accepted: a plan with its own command': {
    'by a model': approve({ by: byModel }, { plan: OWN }),
    'in an unconfirmed tab': approve({ by: UNCONFIRMED }, { plan: OWN }),
    'by a person': approve({}, { plan: OWN }),
    'by a person, with an unclear line': approve({}, { plan: { ...OWN, text: `${OWN.text}- tickets\n` } }),
  },
  'accepted, empty_feedback, not_waiting: a request for changes': {
    'if a plan waits': request({}),
    'without words': request({ feedback: ' ' }),
    'if no plan waits': request({}, {}, RUNNING),
  },
  'accepted, channel_closed: a model may ask for changes to a plan, unless that opens its first gate': {
    'of a session that is prepared': request(
      { by: byModel },
      { gateChannels: PEOPLE },
      { ...shown, prepared: true },
    ),
    'of one that is not': request({ by: byModel }, { gateChannels: PEOPLE }, { ...shown, prepared: false }),
  },
};

test('answers, approvals and requests for changes are judged as these films show', async () => {
  const text = tabled({ ...ANSWERS, ...SECOND_ANSWERS, ...APPROVALS });
  await expect(text).toMatchFileSnapshot('../../../../golden/films/judge-gates.txt');
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
