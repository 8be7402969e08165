import { getEventListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askOpenQuestions } from '../../../../../src/core/acts/gates/ask-questions.ts';
import type { QaItem, QaReport } from '../../../../../src/core/acts/gates/read-qa.act.ts';
import type { Cli } from '../../../../../src/core/faces/terminal/cli.ts';
import { Output } from '../../../../../src/core/faces/terminal/output.ts';
import { KEY, keyboard } from '../../../../app/unit/cli/keys.ts';
import { STATES } from '../../../../support/session-states.ts';

const CHOICES = ['red', 'green', 'blue'].map((value) => ({ value, label: value }));
const LEAVING = [
  ['Esc', KEY.escape],
  ['Ctrl-C', KEY.ctrlC],
  ['Ctrl-D', KEY.ctrlD],
] as const;

test('arrow keys move from the first answer, and Enter selects it', async () => {
  const { menus } = keyboard([KEY.enter, KEY.down + KEY.enter, KEY.up + KEY.enter]);
  expect(await menus.choose('Which?', CHOICES, 'green')).toBe('green');
  expect(await menus.choose('Which?', CHOICES, 'green')).toBe('blue');
  expect(await menus.choose('Which?', CHOICES, 'green')).toBe('red');
});

test('Space selects several, in addition to the suggested ones', async () => {
  const { menus } = keyboard([KEY.down + KEY.space + KEY.enter]);
  expect(await menus.chooseSeveral('Which?', CHOICES, ['blue'])).toEqual(['blue', 'green']);
});

test('an invalid text is asked for again', async () => {
  const { menus, shown } = keyboard([`no${KEY.enter}t${KEY.enter}`]);
  const written = await menus.write('Which?', (typed) => (typed === 'no' ? 'Not that.' : undefined));
  expect(written).toBe('not');
  expect(shown()).toContain('Not that.');
});

test('Enter means no if a yes permits something', async () => {
  const { menus } = keyboard([KEY.enter, `y`]);
  expect(await menus.confirm('Trust them?')).toBe(false);
  expect(await menus.confirm('Trust them?')).toBe(true);
});

test.each(LEAVING)('%s leaves every kind of question for later', async (_name, key) => {
  const { menus } = keyboard([key, key, key, key]);
  expect(await menus.choose('Which?', CHOICES)).toBeUndefined();
  expect(await menus.chooseSeveral('Which?', CHOICES, [])).toBeUndefined();
  expect(await menus.write('Which?', () => undefined)).toBeUndefined();
  expect(await menus.confirm('Trust them?')).toBeUndefined();
});

test('an interrupt from outside ends a question and each one after it', async () => {
  const interrupt = new AbortController();
  const { menus } = keyboard([''], { interrupted: interrupt.signal });
  const asked = menus.choose('Which?', CHOICES);
  interrupt.abort(new Error('interrupted'));
  await expect(asked).rejects.toThrow('interrupted');
  await expect(menus.confirm('Trust them?')).rejects.toThrow('interrupted');
});

test('a long-lived signal keeps no reference to the questions that it may interrupt', async () => {
  const { signal } = new AbortController();
  const { menus } = keyboard([KEY.enter], { interrupted: signal });
  await menus.choose('Which?', CHOICES);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a menu without colours has the same text', async () => {
  const { menus, shown } = keyboard([KEY.enter]);
  await menus.choose('Which?', CHOICES);
  expect(shown()).toContain('● red');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches the colour sequences that must be absent
  expect(shown()).not.toMatch(/\u001b\[[\d;]*m/);
});

const QUESTION: QaItem = {
  id: 'Q1',
  round: 1,
  text: 'Which colours?',
  options: ['A', 'B', 'C'].map((letter, at) => ({ letter, text: CHOICES[at]?.label ?? '' })),
  suggestion: { letters: ['B'], reason: 'it is calm' },
  isOpen: true,
  isUnconfirmed: false,
};
const OPEN: QaItem = { ...QUESTION, id: 'Q2', options: [], suggestion: undefined };
const TYPED: QaItem = { ...QUESTION, id: 'Q3', answer: 'C', isUnconfirmed: true };

async function asked(questions: QaItem[], keys: string[], diff?: string) {
  const about = diff === undefined ? undefined : { question: 'Q1', text: diff };
  let shownText = '';
  const stdout = new PassThrough().on('data', (bytes) => (shownText += bytes));
  const { menus } = keyboard(keys);
  const cli: Pick<Cli, 'output' | 'menus'> = {
    output: new Output({ stdout, stderr: stdout, colourful: false, json: false }),
    menus: async () => menus,
  };
  // Asking uses only these members.
  return { said: await askOpenQuestions(cli as Cli, reportOf(questions, about)), shownText };
}

function reportOf(questions: QaItem[], about?: QaReport['about']): QaReport {
  const view = { ...STATES[0]?.[1].view, folder: '26-01-02-boat' };
  const open = questions.flatMap(({ id, isOpen }) => (isOpen ? [id] : []));
  return { view, questions, open, about } as QaReport;
}

const { down, enter, space, up } = KEY;
test.each([
  ['the suggestion', [enter], 'B'],
  ['another option', [down + enter], 'C'],
  ['several options, in order', [down + down + enter, up + space + enter], 'B, C'],
  ['free text', [up + up + enter, `a b${enter}`], 'a b'],
])('a question is answered by menu with %s', async (_name, keys, text) => {
  const { said } = await asked([QUESTION], keys);
  expect(said).toEqual({ answers: [{ id: 'Q1', text }], confirmTyped: false });
});

test('several suggested letters are one choice, which comes first', async () => {
  const both = { ...QUESTION, suggestion: { letters: ['A', 'C'], reason: '' } };
  const { said } = await asked([both], [enter]);
  expect(said?.answers).toEqual([{ id: 'Q1', text: 'A, C' }]);
});

test('the diff that a question refers to is shown before it, without control sequences', async () => {
  const { shownText } = await asked([QUESTION], [enter], '-test(1)\n+test.skip(1)\u001b[2J\n');
  expect(shownText).toContain('-test(1)\n+test.skip(1)');
  expect(shownText).not.toContain('\u001b[2J');
});

test('a question without options accepts text, but not an empty one', async () => {
  const { said } = await asked([OPEN], [`${enter}yes, all${enter}`]);
  expect(said?.answers).toEqual([{ id: 'Q2', text: 'yes, all' }]);
});

test('answers typed into the file are confirmed in one step', async () => {
  const { said } = await asked([QUESTION, TYPED], ['y', enter]);
  expect(said).toEqual({ answers: [{ id: 'Q1', text: 'B' }], confirmTyped: true });
});

test('Esc at a later question records nothing, and prints the command to continue with the answers so far', async () => {
  const { said, shownText } = await asked([QUESTION, OPEN], [enter, KEY.escape]);
  expect(said).toBeUndefined();
  expect(shownText).toMatch(/answer them +samocode answer boat\n/);
  expect(shownText).toContain('samocode answer boat Q1=B\n');
});

test("an agent's text in a menu contains no control sequences", async () => {
  const evil = { ...QUESTION, options: [{ letter: 'A', text: 'x\u001b[2J\u001b]0;y\u0007' }] };
  const { menus, shown } = keyboard([enter]);
  const stdout = new PassThrough();
  const output = new Output({ stdout, stderr: stdout, colourful: false, json: false });
  await askOpenQuestions({ output, menus: async () => menus } as unknown as Cli, reportOf([evil]));
  expect(shown()).not.toContain('\u001b[2J');
  expect(shown()).not.toContain('\u001b]0;');
});
