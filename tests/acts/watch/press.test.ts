import { expect, test } from 'vitest';
import { press } from '../../../src/acts/watch/press.ts';
import { START_PLACE, type WatchPlace } from '../../../src/acts/watch/watch-model.ts';
import { MODEL, ROWS } from './watch-samples.ts';

/** Where keys lead, one after the other, and what the last one asks for. */
function pressed(names: string, place: Partial<WatchPlace> = {}) {
  const start: ReturnType<typeof press> = { place: { ...START_PLACE, ...place } };
  return names.split(' ').reduce((before, name) => {
    const ctrl = name.startsWith('^');
    const key = { name: name.replace('^', ''), ctrl };
    return press(key, { model: MODEL, place: before.place, height: 10 });
  }, start);
}

const keyAt = (index: number) => ROWS.at(index)?.key;

test.each([
  ['down', 1],
  ['j j k', 1],
  ['up', 0],
  ['end', -1],
  ['G g', 0],
  ['pagedown pagedown', -1],
  ['x', undefined],
])('%s selects row %s', (names, index) => {
  expect(pressed(names).place.selected).toBe(index === undefined ? undefined : keyAt(index));
});

test.each([
  ['q', { kind: 'quit', isInterrupt: false }],
  ['^c', { kind: 'quit', isInterrupt: true }],
  ['^z', { kind: 'suspend' }],
  ['^l', { kind: 'redraw' }],
])('%s asks for %o, in the help too', (name, intent) => {
  for (const first of ['down', '?']) expect(pressed(`${first} ${name}`).intent).toEqual(intent);
});

test('a key that acts is about the selected session, and does nothing where that makes no sense', () => {
  const waits = ROWS[0];
  expect(pressed('a').intent).toEqual({ kind: 'act', act: 'answer', row: waits });
  const done = { selected: '26-01-06-boats' };
  expect(pressed('s', done)).toMatchObject({ place: { notice: expect.stringContaining('is done') } });
  expect(pressed('s', done).intent).toBeUndefined();
  expect(pressed('r', done).intent).toMatchObject({ act: 'resume' });
});

test.each([
  ['return', 'output'],
  ['space', 'output'],
  ['l', 'log'],
  ['d', 'diff'],
])('%s asks for the %s of the selected session', (name, act) => {
  expect(pressed(`down ${name}`).intent).toEqual({ kind: 'act', act, row: ROWS[1] });
});

test('of a session without an iteration there is no output', () => {
  const [row] = ROWS;
  const rows = row === undefined ? [] : [{ ...row, facts: { ...row.facts, totalIterations: 0 } }];
  const key = { name: 'return', ctrl: false };
  const { place, intent } = press(key, { model: { ...MODEL, rows }, place: START_PLACE, height: 10 });
  expect(intent).toBeUndefined();
  expect(place.notice).toContain('Nothing to output');
});

test('the next key takes the notice away', () => {
  expect(pressed('down', { notice: 'x' }).place.notice).toBeUndefined();
});
