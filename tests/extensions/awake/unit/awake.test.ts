import { expect, test } from 'vitest';
import { isOnBattery } from '../../../../src/extensions/awake/on-battery.ts';
import { SleepClock } from '../../../../src/extensions/awake/sleep-clock.ts';
import { tempDir, writeBelow } from '../../../support/temp-dir.ts';

const HOUR_MS = 60 * 60_000;

test.each<[string, Record<string, string>, boolean]>([
  ['a laptop that is plugged in', { 'AC/online': '1', 'BAT0/status': 'Charging' }, false],
  ['a laptop whose full battery is plugged in', { 'AC/online': '1', 'BAT0/status': 'Not charging' }, false],
  ['a laptop on its battery', { 'AC/online': '0', 'BAT0/status': 'Discharging' }, true],
  ['one of two plugs', { 'AC/online': '0', 'usb/online': '1', 'BAT0/status': 'Discharging' }, false],
  ['a desktop with a wireless mouse', { 'mouse/status': 'Discharging', 'mouse/scope': 'Device' }, false],
  ['a machine without supplies', { 'readme/text': '' }, false],
])('%s: %j', async (_, files, expected) => {
  await using dir = await tempDir();
  await writeBelow(dir.path, files);
  expect(await isOnBattery(dir.path)).toBe(expected);
});

/** A clock that passes time as its machine does: asleep, Linux's monotonic clock stands still, and macOS's does not. */
function machine(countsSleep: boolean) {
  let [wall, monotonic] = [1_800_000_000_000, 1000];
  const clock = { now: () => wall, monotonic: () => monotonic, sleep: () => Promise.resolve() };
  return {
    slept: new SleepClock(clock),
    works: (ms: number) => {
      wall += ms;
      monotonic += ms;
    },
    sleeps: (ms: number) => {
      wall += ms;
      if (countsSleep) monotonic += ms;
    },
  };
}

test.each([
  ['Linux', false],
  ['macOS', true],
])('a night by the clock of %s: six hours asleep while an agent works', (_, countsSleep) => {
  const { slept, works, sleeps } = machine(countsSleep);
  works(1000);
  expect(slept.tick()).toBe(0);
  works(1000);
  expect(slept.tick()).toBe(0);
  sleeps(6 * HOUR_MS);
  expect(slept.tick()).toBe(6 * HOUR_MS);
  works(1000);
  expect(slept.tick()).toBe(0);
});

test('an hour of a check, during which nothing ticks, is no sleep, on no machine', () => {
  const { slept, works } = machine(true);
  slept.tick();
  works(HOUR_MS);
  expect(slept.look()).toBe(0);
  works(HOUR_MS);
  expect(slept.tick()).toBe(0);
});
