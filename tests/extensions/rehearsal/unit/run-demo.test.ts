import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import type { DemoScreen } from '../../../../src/extensions/rehearsal/demo/play-session.ts';
import { runDemo } from '../../../../src/extensions/rehearsal/demo/run-demo.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('the first line is there before any program was started', async () => {
  await using dir = await tempDir();
  const shown: string[] = [];
  const screen = { chapter: (title: string) => shown.push(title) } as unknown as DemoScreen; // the rest is not reached
  const signal = new AbortController().signal;
  // Without git on PATH, the first program that a demo starts fails.
  const env = { PATH: dir.path, TMPDIR: dir.path };
  await expect(
    runDemo({ server: '/nowhere', env, clock, screen, paceMs: 0, keep: false, signal }),
  ).rejects.toThrow();
  expect(shown).toEqual(['A to-do list without a way back']);
});
