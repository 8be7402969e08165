import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../src/base/clock.ts';
import { newBell } from '../../src/session/bell.ts';

const LONG = 60_000;

test('a ring wakes the sleeper, and one that came before is not lost', async () => {
  const bell = newBell();
  const sleeping = bell.wait(LONG, { clock });
  bell.ring();
  await sleeping;
  bell.ring();
  bell.ring();
  await bell.wait(LONG, { clock });
  await bell.wait(1, { clock });
});

test('an abort ends the wait with its reason, also one that came before', async () => {
  const bell = newBell();
  const cut = new AbortController();
  const waiting = bell.wait(LONG, { clock, signal: cut.signal });
  cut.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(bell.wait(1, { clock, signal: cut.signal })).rejects.toThrow('enough');
});

test('however often it is waited for, nothing is left at a signal that lives on', async () => {
  const bell = newBell();
  const { signal } = new AbortController();
  for (let index = 0; index < 100; index += 1) {
    if (index % 2 === 0) bell.ring();
    await bell.wait(0, { clock, signal });
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
