import { expect, test } from 'vitest';
import { WATCH_ACTS } from '../../../src/cli/watch/keys.ts';
import { press } from '../../../src/cli/watch/press.ts';
import { START_PLACE, type WatchPlace } from '../../../src/cli/watch/watch-model.ts';
import { LOOKED_INTO, MODEL, ROWS } from './watch-samples.ts';

const SIZE = { columns: 80, height: 10 };

/** Where keys lead, one after the other, and what the last one asks for. */
function pressed(names: string, place: Partial<WatchPlace> = {}) {
  const start: ReturnType<typeof press> = { place: { ...START_PLACE, ...place } };
  return names.split(' ').reduce((before, name) => {
    const ctrl = name.startsWith('^');
    const key = { name: name.replace('^', ''), ctrl };
    return press(key, {
      model: { ...MODEL, peek: LOOKED_INTO },
      place: before.place,
      size: SIZE,
      acts: WATCH_ACTS,
    });
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
])('%s asks for %o, in what is looked into and in the help too', (name, intent) => {
  for (const first of ['down', 'return', '?']) expect(pressed(`${first} ${name}`).intent).toEqual(intent);
});

test('a key that acts is about the selected session, and does nothing where that makes no sense', () => {
  const waits = ROWS[0];
  expect(pressed('a').intent).toEqual({ kind: 'act', act: 'answer', row: waits });
  const done = { selected: '26-01-06-boats' };
  expect(pressed('s', done)).toMatchObject({ place: { notice: expect.stringContaining('is done') } });
  expect(pressed('s', done).intent).toBeUndefined();
  expect(pressed('r', done).intent).toMatchObject({ act: 'resume' });
});

test('a key of a command that this program does not have does nothing', () => {
  const { intent } = press(
    { name: 'o', ctrl: false },
    { model: MODEL, place: START_PLACE, size: SIZE, acts: ['stop'] },
  );
  expect(intent).toBeUndefined();
});

test('what is looked into begins at its end and follows it, until the person scrolls up', () => {
  expect(pressed('return').place).toMatchObject({ peek: 'output', top: 'end' });
  expect(pressed('l up').place).toMatchObject({ peek: 'log', top: expect.any(Number) });
  expect(pressed('l up down').place).toMatchObject({ top: 'end' });
  expect(pressed('d').place).toMatchObject({ peek: 'diff', top: 0 });
  expect(pressed('d up pagedown').place).toMatchObject({ top: 9 });
  expect(pressed('d escape').place.peek).toBeUndefined();
});

test('the next key takes the notice away', () => {
  expect(pressed('down', { notice: 'x' }).place.notice).toBeUndefined();
});
