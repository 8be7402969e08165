import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { formatPlan } from '../../../../../src/core/acts/gates/format-gate.ts';
import { type PlanDecision, planQuestion } from '../../../../../src/core/acts/gates/plan-question.ts';
import { questionField } from '../../../../../src/core/acts/gates/questions-form.ts';
import type { PlanReport } from '../../../../../src/core/acts/gates/read-plan.act.ts';
import type { QaItem } from '../../../../../src/core/acts/gates/read-qa.act.ts';
import type { Form } from '../../../../../src/core/caller/facts/form.ts';
import { askByForm } from '../../../../../src/core/faces/mcp/ask-by-form.ts';
import { noExchange } from '../../../../../src/core/faces/mcp/exchange.ts';
import { askInForm } from '../../../../../src/core/faces/mcp/form.ts';
import { shownForm } from '../../../../../src/core/faces/mcp/shown-form.ts';
import { askField, askForm } from '../../../../../src/core/faces/terminal/ask.ts';
import type { Cli } from '../../../../../src/core/faces/terminal/cli.ts';
import { Output } from '../../../../../src/core/faces/terminal/output.ts';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { planHash } from '../../../../../src/core/session/documents/plan.ts';
import { KEY, keyboard } from '../../../../app/unit/cli/keys.ts';
import { STATES } from '../../../../support/session-states.ts';

const TEXT = '# Plan\n\n## Phase 1: Float\n- [ ] Build\n';
const [, WAITING] = STATES.find(([state]) => state === 'waiting for approval') ?? expect.fail();
const PLAN: PlanReport = {
  ...{ view: WAITING.view, name: 'plan.md', text: TEXT, ledger: undefined, hash: planHash(TEXT) },
  ...{ state: 'waits_for_approval', servers: [], warnings: [], remarks: [], fromChat: undefined },
};
const APPROVES: PlanDecision = { kind: 'approve', hash: PLAN.hash };
const LATER: PlanDecision = { kind: 'later' };

/** A terminal on which a person presses keys in menus, or types lines where there are none. */
function terminal({ keys, lines = [] }: { keys?: string[]; lines?: string[] }) {
  const shown: string[] = [];
  const stdout = new PassThrough().on('data', (bytes: Buffer) => shown.push(bytes.toString('utf8')));
  const left = [...lines];
  const asks = async (question: string) => {
    shown.push(question);
    return left.shift() ?? '';
  };
  const cli: Pick<Cli, 'output' | 'ask' | 'menus'> = {
    output: new Output({ stdout, stderr: stdout, colourful: false, json: false }),
    ask: asks,
    ...(keys && { menus: async () => keyboard(keys).menus }),
  };
  return { cli: cli as Cli, shown: () => shown.join('') };
}

async function decidedAt(place: Parameters<typeof terminal>[0]): Promise<PlanDecision> {
  const { form, decide } = planQuestion(PLAN);
  return decide((await askForm(terminal(place).cli, form)) ?? {});
}

const up = (times: number) => KEY.up.repeat(times) + KEY.enter;

test.each<[string, Parameters<typeof terminal>[0], PlanDecision]>([
  ['Enter in the menu', { keys: [KEY.enter] }, LATER],
  ['Esc', { keys: [KEY.escape] }, LATER],
  ['its entry for an approval', { keys: [up(4)] }, APPROVES],
  ['its entry to read', { keys: [up(5)] }, { kind: 'read' }],
  ['its entry for comments', { keys: [up(2)] }, { kind: 'comment' }],
  ['its entry to edit', { keys: [up(1)] }, { kind: 'edit' }],
  [
    'its entry for changes, and their text',
    { keys: [up(3), `smaller${KEY.enter}`] },
    { kind: 'changes', feedback: 'smaller' },
  ],
  ['changes whose text is left', { keys: [up(3), KEY.escape] }, LATER],
  ['the number of the approval', { lines: ['2'] }, APPROVES],
  [
    'the number of changes, and their text',
    { lines: ['3', 'smaller'] },
    { kind: 'changes', feedback: 'smaller' },
  ],
  ['changes without a text', { lines: ['3', ' '] }, LATER],
  ['the number to edit', { lines: ['5'] }, { kind: 'edit' }],
  ...['', 'y', 'yes', 'approve', '0', '7', '1.5', '-1', 'q'].map(
    (line): [string, { lines: string[] }, PlanDecision] => [`the line "${line}"`, { lines: [line] }, LATER],
  ),
])('at a terminal %s decides only what was offered', async (_what, place, decision) => {
  expect(await decidedAt(place)).toEqual(decision);
});

test('without menus each choice is a numbered line, and none but those of the menu', async () => {
  const { cli, shown } = terminal({ lines: [''] });
  await askForm(cli, planQuestion(PLAN).form);
  expect(shown()).toBe(
    '1) Read the whole plan first\n2) Approve it: the work starts\n3) Ask for changes\n' +
      '4) Write comments on it in your editor\n5) Edit it yourself\n6) Decide later\nDecision (1-6; Enter: not now): ',
  );
});

/** What is decided in a form of a client that answers each form with the next content. */
async function decidedInForm(...contents: object[]) {
  const sent: unknown[] = [];
  const answers = [...contents];
  const exchange = {
    ...noExchange(),
    client: { name: 'claude-code', version: '1', capabilities: { elicitation: {} } },
    ask: async (request: unknown) => {
      sent.push(request);
      const content = answers.shift();
      return content === undefined ? { action: 'cancel' } : { action: 'accept', content };
    },
  };
  const ask = askByForm({}, exchange, systemClock) ?? expect.fail();
  const actions = { by: { channel: 'tool' } } as never;
  const asked = await askInForm({ actions, ask }, async () => planQuestion(PLAN));
  return { asked, sent };
}

const QUESTION: QaItem = {
  ...{ id: 'Q1', round: 1, text: 'Which?', isOpen: true, isUnconfirmed: false },
  options: ['red', 'green', 'blue'].map((text, at) => ({ letter: 'ABC'[at] ?? '', text })),
  suggestion: { letters: ['B'], reason: 'calm' },
};

const QUESTIONS: ReadonlyArray<[string, Form]> = [
  ['a plan', planQuestion(PLAN).form],
  ...[true, false].flatMap((hasOptions): Array<[string, Form]> => {
    const item: QaItem = { ...QUESTION, ...(!hasOptions && { options: [], suggestion: undefined }) };
    return [undefined, 'B', 'B, C', 'blue'].map((said) => [
      `a question ${hasOptions ? 'with' : 'without'} options, after "${said}"`,
      { message: '', fields: { Q1: questionField(item, said) } },
    ]);
  }),
  [
    'a question of our own',
    { message: '', fields: { Q1: questionField({ ...QUESTION, own: 'red_base' }, 'A') } },
  ],
];

test.each(QUESTIONS)(
  'the form about %s begins at a choice that decides nothing, with no text field',
  (_what, form) => {
    for (const { choices } of Object.values(shownForm(form).fields))
      expect(choices?.[0]).toMatchObject({ decidesNothing: true });
  },
);

test('what the user said in the chat is the second choice, one key away', () => {
  const titles = (said: string) =>
    shownForm({ message: '', fields: { Q1: questionField(QUESTION, said) } }).fields.Q1?.choices?.map(
      ({ title }) => title,
    );
  const [head, last] = ['Not here: show it to me in the chat', 'Write an answer'];
  expect(titles('C')).toEqual([head, 'You said: C) blue', 'A) red', 'B) green (suggested)', last]);
  expect(titles('pink')).toEqual([head, 'You said: pink', 'A) red', 'B) green (suggested)', 'C) blue', last]);
});

test('a chat is offered no choice that needs a terminal', async () => {
  const { sent } = await decidedInForm({ decision: 'later' });
  const params = {
    requestedSchema: { properties: { decision: { enum: ['read', 'approve', 'changes', 'later'] } } },
  };
  expect(sent).toMatchObject([{ method: 'elicitation/create', params }]);
});

test.each<[string, object[], object]>([
  ['an approval', [{ decision: 'approve' }], { kind: 'decided', decision: APPROVES }],
  [
    'changes',
    [{ decision: 'changes' }, { changes: 'smaller' }],
    { kind: 'decided', decision: { kind: 'changes', feedback: 'smaller' } },
  ],
  [
    'changes whose form is left',
    [{ decision: 'changes' }],
    { kind: 'decided', decision: { kind: 'changes', feedback: '' } },
  ],
  ...['edit', 'comment', 'own words', 'Approve', 'approve plan', ''].map(
    (decision): [string, object[], object] => [`"${decision}"`, [{ decision }], { kind: 'unanswered' }],
  ),
  ['an approval in a field that was not asked', [{ approve: 'approve' }], { kind: 'unanswered' }],
])('in the form of a chat %s decides only what was offered', async (_what, contents, asked) => {
  expect((await decidedInForm(...contents)).asked).toEqual(asked);
});

const OWN: QaItem = { ...QUESTION, own: 'red_base' };
const noZ = (typed: string) => (typed.includes('Z') ? 'There is no Z.' : undefined);

test.each<[string, QaItem, Parameters<typeof terminal>[0], string | undefined]>([
  ['Enter', QUESTION, { keys: [KEY.enter] }, 'B'],
  ['another option', QUESTION, { keys: [KEY.down + KEY.enter] }, 'C'],
  ['several', QUESTION, { keys: [KEY.down.repeat(2) + KEY.enter, KEY.space + KEY.enter] }, 'A, B'],
  ['words', QUESTION, { keys: [KEY.down.repeat(3) + KEY.enter, `pink${KEY.enter}`] }, 'pink'],
  ['a note', OWN, { keys: [KEY.down.repeat(2) + KEY.enter, `B, calm${KEY.enter}`] }, 'B, calm'],
  ['Esc', QUESTION, { keys: [KEY.escape] }, undefined],
  ['an empty line', QUESTION, { lines: [''] }, 'B'],
  ['a letter', QUESTION, { lines: ['c'] }, 'c'],
  ['a line of words, once it is no problem', QUESTION, { lines: ['Z', 'pink'] }, 'pink'],
  ['an empty line without a suggestion', { ...QUESTION, suggestion: undefined }, { lines: [''] }, undefined],
])('a question is answered at a terminal by %s', async (_what, question, place, answer) => {
  expect(await askField(terminal(place).cli, questionField(question), noZ)).toBe(answer);
});

test.each<[string, (plan: PlanReport) => string]>([
  ['a form', (plan) => planQuestion(plan).form.message],
  ['a terminal', (plan) => formatPlan(plan, terminal({}).cli.output)],
])(
  '%s shows what was not asked, and what leaves out testing, before everything else of a plan',
  (_, shownBy) => {
    const warnings = ['No agent had a question.', 'Testing: none - only words'];
    const lines = shownBy({ ...PLAN, warnings, servers: ['starts: x'], remarks: ['a gap'] }).split('\n');
    expect(lines.slice(1, 3)).toEqual(warnings);
    for (const later of ['Float', 'starts: x', 'a gap'])
      expect(lines.findIndex((line) => line.includes(later))).toBeGreaterThan(2);
  },
);
