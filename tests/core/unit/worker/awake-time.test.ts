import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { iterationPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { AwakeTime } from '../../../../src/core/worker/iteration/watch.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A clock that only a test advances; `now` may have any value. */
class MovedClock implements Clock {
  nowMs = Date.UTC(2026, 0, 8);
  monotonicMs = 0;
  now = () => this.nowMs;
  monotonic = () => this.monotonicMs;
  sleep = async () => undefined;
}

async function scene() {
  const dir = await tempDir();
  const clock = new MovedClock();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const files = iterationPaths(paths, 1);
  await mkdir(files.dir, { recursive: true });
  const resume = () => AwakeTime.resume({ clock }, { files });
  return { clock, paths, resume, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test('small ticks count in full, and a gap of hours counts as one tick', async () => {
  await using here = await scene();
  const awake = await here.resume();
  for (let tick = 0; tick < 20; tick += 1) {
    here.clock.monotonicMs += 50;
    awake.tick();
  }
  expect(awake.ms).toBe(1000);
  here.clock.monotonicMs += 8 * 3_600_000;
  awake.tick();
  expect(awake.ms).toBeLessThanOrEqual(3000);
});

test.each([8 * 3_600_000, -24 * 3_600_000])(
  'a wall clock that jumps by %d ms changes nothing',
  async (jump) => {
    await using here = await scene();
    const awake = await here.resume();
    here.clock.nowMs += jump;
    here.clock.monotonicMs += 500;
    awake.tick();
    expect(awake.ms).toBe(500);
  },
);

test('a later worker continues from the saved time, on a clock that restarts', async () => {
  await using here = await scene();
  const first = await here.resume();
  here.clock.monotonicMs += 1500;
  first.tick();
  first.save();
  here.clock.monotonicMs = -1_000_000;
  const second = await here.resume();
  here.clock.monotonicMs += 100;
  second.tick();
  expect(second.ms).toBe(1600);
});

test('the saved time is at most five seconds old, and is written no more often than that', async () => {
  await using here = await scene();
  const awake = await here.resume();
  const saved: number[] = [];
  for (let second = 1; second <= 21; second += 1) {
    here.clock.monotonicMs += 1000;
    awake.tick();
    awake.saveIfDue();
    saved.push((await here.resume()).ms);
  }
  expect(new Set(saved)).toEqual(new Set([0, 5000, 10_000, 15_000, 20_000]));
});

test('whatever the file contains, time starts at zero or above', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.double().map(String)), async (text) => {
      await using here = await scene();
      const path = iterationPaths(here.paths, 1).awake;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      expect((await here.resume()).ms).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 50 },
  );
});
