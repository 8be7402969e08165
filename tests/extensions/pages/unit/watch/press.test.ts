import { expect, test } from 'vitest';
import {
  listKeys,
  press,
  START_SELECTION,
  selectedRow,
  visibleRows,
  type WatchSelection,
} from '../../../../../src/extensions/pages/watch/press.ts';
import { MODEL, ROWS } from './watch-samples.ts';

/** Presses keys one after the other. @returns the final selection and the request of the last key */
function pressed(names: string, selection: Partial<WatchSelection> = {}) {
  const start: ReturnType<typeof press> = { selection: { ...START_SELECTION, ...selection } };
  return names.split(' ').reduce((before, name) => {
    const ctrl = name.startsWith('^');
    const key = { name: name.replace('^', ''), ctrl };
    return press(key, { model: MODEL, selection: before.selection, height: 10 });
  }, start);
}

/** All rows but the last, which is a stopped session and folded at first. */
const OPEN = ROWS.slice(0, -1);
const keyAt = (index: number) => OPEN.at(index)?.key;

test.each([
  ['down', 1],
  ['j j k', 1],
  ['up', 0],
  ['end', -1],
  ['G g', 0],
  ['pagedown pagedown', -1],
  ['x', undefined],
])('%s selects row %s', (names, index) => {
  expect(pressed(names).selection.selected).toBe(index === undefined ? undefined : keyAt(index));
});

test.each([
  ['q', { kind: 'quit', isInterrupt: false }],
  ['^c', { kind: 'quit', isInterrupt: true }],
  ['^z', { kind: 'suspend' }],
  ['^l', { kind: 'redraw' }],
])('%s requests %o', (name, intent) => {
  expect(pressed(`down ${name}`).intent).toEqual(intent);
});

test.each(['^c', '^z', '^l'])('%s also works in the help and while a filter is typed', (name) => {
  for (const first of ['?', '/']) expect(pressed(`${first} ${name}`).intent).toBeDefined();
});

test('q goes back one level, and quits only in the list', () => {
  const inHelp = pressed('? q');
  expect(inHelp.selection.isHelp).toBe(false);
  const filtered = pressed('/ b o return q');
  expect(filtered.selection.filter).toBeUndefined();
  for (const { intent } of [inHelp, filtered]) expect(intent).toBeUndefined();
  for (const { selection } of [inHelp, filtered])
    expect(pressed('q', selection).intent).toMatchObject({ kind: 'quit' });
});

test('text typed after / filters all sessions, including stopped ones, until Esc', () => {
  const typed = pressed('/ b o a t x backspace s');
  expect(typed.selection).toMatchObject({ filter: 'boats', isTyping: true });
  const boats = ROWS.filter(({ facts }) => facts.session.endsWith('boats'));
  expect(visibleRows(MODEL, typed.selection)).toEqual(boats);
  expect(selectedRow(MODEL, pressed('down return', typed.selection).selection)).toBe(boats[1]);
  const kept = pressed('return', typed.selection).selection;
  expect(kept).toMatchObject({ filter: 'boats', isTyping: false });
  expect(pressed('l', kept).intent).toMatchObject({ act: 'log', row: boats[0] });
  expect(visibleRows(MODEL, pressed('escape', kept).selection)).toEqual(OPEN);
  expect(pressed('/ return').selection.filter).toBeUndefined();
  expect(visibleRows(MODEL, pressed('/ space 漢').selection)).toEqual([]);
});

test('stopped sessions are folded until t is pressed, except for the selected one', () => {
  const last = ROWS.at(-1);
  expect(pressed('end').selection.selected).toBe(OPEN.at(-1)?.key);
  expect(pressed('t end').selection.selected).toBe(last?.key);
  expect(visibleRows(MODEL, pressed('t end t').selection)).toEqual(ROWS);
  expect(visibleRows(MODEL, pressed('t end t up').selection)).toEqual(OPEN);
  const rows = last === undefined ? [] : [last];
  expect(visibleRows({ rows }, START_SELECTION)).toEqual(rows);
});

test('an action key applies to the selected session, or shows a notice if the action is not possible', () => {
  const waits = ROWS.find(({ kind }) => kind === 'questions') ?? expect.fail();
  const asked = pressed('a', { selected: waits.key });
  expect(asked.intent).toEqual({ kind: 'act', act: 'answer', row: waits });
  const done = { selected: '26-01-06-boats' };
  expect(pressed('s', done)).toMatchObject({
    selection: { notice: expect.stringContaining('already done') },
  });
  expect(pressed('s', done).intent).toBeUndefined();
  expect(pressed('r', done).intent).toMatchObject({ act: 'resume' });
});

test.each([
  ['26-01-06-boats', 'f finish, o report, v verify, r resume, enter output, l log, d diff, b page'],
  ['26-01-05-boats', 'm message, r resume, f finish, enter output, l log, d diff, o report, b page'],
  ['26-01-08-🚀-rocket', 'm message, s stop, enter output, l log, d diff, o report, e edit, b page'],
])('the keys of %s are %s', (key, keys) => {
  const row = ROWS.find((each) => each.key === key);
  expect(
    listKeys(row)
      .map((each) => `${each.key} ${each.what}`)
      .join(', '),
  ).toBe(keys);
});

test.each([
  ['return', 'output'],
  ['space', 'output'],
  ['l', 'log'],
  ['d', 'diff'],
])('%s requests the %s of the selected session', (name, act) => {
  expect(pressed(`down ${name}`).intent).toEqual({ kind: 'act', act, row: ROWS[1] });
});

test('a session without an iteration has no output', () => {
  const [row] = ROWS;
  const { view, ...session } = row?.session ?? expect.fail();
  const progress = { ...view.state.progress, totalIterations: 0 };
  const now = { ...session, view: { ...view, state: { ...view.state, progress } } };
  const rows = row === undefined ? [] : [{ ...row, session: now }];
  const key = { name: 'return', ctrl: false };
  const { selection, intent } = press(key, {
    model: { ...MODEL, rows },
    selection: START_SELECTION,
    height: 10,
  });
  expect(intent).toBeUndefined();
  expect(selection.notice).toContain('Nothing to output');
});

test('the next key removes the notice', () => {
  expect(pressed('down', { notice: 'x' }).selection.notice).toBeUndefined();
});
