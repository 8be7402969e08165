import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  estimateFrom,
  estimateScore,
  estimateText,
  type PastWork,
  type PlannedWork,
  pastWork,
  plannedWork,
} from '../../../../src/core/session/estimate.ts';
import type { NewEvent, SessionEvent } from '../../../../src/core/session/events/events.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { hostWith } from '../../../support/hosts.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { ARCHIVED, CREATED, DONE, PREPARED, writeEvents } from './events.ts';

const PLAN: PlannedWork = {
  ...{ mainRepo: '/boats', provider: 'claude', model: 'opus', phases: 4, steps: 20 },
  way: 'full',
};

function past(iterations: number, more: Partial<PastWork> = {}): PastWork {
  const quality = { usd: 1, tokens: 0, hours: 0.5, iterations: 3 };
  const implementation = { usd: iterations / 2, tokens: 0, hours: iterations / 4, iterations };
  return { ...PLAN, spent: { planning: quality, implementation, quality }, isPriced: true, ...more };
}

const FIVE = [4, 4, 5, 6, 8].map((iterations) => past(iterations));

test('below five sessions there is no estimate, and the text says how many there are', () => {
  const none = estimateFrom(FIVE.slice(1), PLAN);
  expect(none).toEqual({ provider: 'claude', model: 'opus', from: 'machine', sessions: 4 });
  expect(estimateText(none)).toBe(
    'No estimate yet: it needs 5 done sessions with claude (opus), and this machine has 4.',
  );
});

test('five sessions of the project give ranges of iterations, time and cost', () => {
  const estimate = estimateFrom(FIVE, PLAN);
  expect(estimate).toMatchObject({
    ...{ from: 'project', sessions: 5 },
    ranges: {
      iterations: { least: 7, most: 11 },
      hours: { least: 1.5, most: 2.5 },
      usd: { least: 3, most: 5 },
    },
  });
  expect(estimateText(estimate)).toBe(
    "Estimate, from approval to done: 7–11 iterations, 1.5–2.5 h of agents' time, $3.00–5.00 (from 5 sessions of this project with claude (opus)).",
  );
});

test('sessions of other projects count only where the project has too few, and other agents never', () => {
  const elsewhere = FIVE.map((each) => ({ ...each, mainRepo: '/cars' }));
  expect(estimateFrom([...elsewhere, past(100)], PLAN)).toMatchObject({ from: 'machine', sessions: 6 });
  expect(estimateFrom([...elsewhere, ...FIVE], PLAN)).toMatchObject({ from: 'project', sessions: 5 });
  const others = [past(1, { model: 'haiku' }), past(1, { provider: 'codex' })];
  expect(estimateFrom([...others, ...FIVE], PLAN)).toEqual(estimateFrom(FIVE, PLAN));
});

test('building grows with the phases and steps of the plan, and what follows it does not', () => {
  const twice = estimateFrom(FIVE, { ...PLAN, phases: 8, steps: 40 });
  expect(twice.ranges).toEqual({
    iterations: { least: 11, most: 19 },
    hours: { least: 2.5, most: 4.5 },
    usd: { least: 5, most: 9 },
  });
});

test('the twenty sessions nearest in size are compared, without the outermost tenth on each side', () => {
  const near = Array.from({ length: 20 }, (_, index) => past(index + 1));
  const far = Array.from({ length: 20 }, () => past(1000, { steps: 1 }));
  const estimate = estimateFrom([...far, ...near], PLAN);
  expect(estimate).toMatchObject({ sessions: 20, ranges: { iterations: { least: 6, most: 21 } } });
});

test('a cost that agents did not report is not estimated', () => {
  const silent = FIVE.map((each) => ({ ...each, isPriced: false }));
  const estimate = estimateFrom(silent, PLAN);
  expect(estimate.ranges?.usd).toBeUndefined();
  expect(estimateText(estimate)).not.toContain('$');
});

test('sessions of another way are no basis for an estimate', () => {
  const carriedOut = FIVE.map((each): PastWork => ({ ...each, way: 'plan' }));
  expect(estimateFrom(carriedOut, PLAN).ranges).toBeUndefined();
  expect(estimateFrom([...carriedOut, ...FIVE], PLAN)).toEqual(estimateFrom(FIVE, PLAN));
  expect(estimateFrom(carriedOut, { ...PLAN, way: 'plan' }).sessions).toBe(5);
});

const spent = fc.record({
  ...{ usd: fc.double({ min: 0, max: 1e6, noNaN: true }), tokens: fc.nat() },
  ...{ hours: fc.double({ min: 0, max: 1e4, noNaN: true }), iterations: fc.nat(1000) },
});
const size = { phases: fc.integer({ min: 1, max: 99 }), steps: fc.integer({ min: 1, max: 999 }) };
const anyPast = fc.record({
  ...{
    mainRepo: fc.constantFrom('/boats', '/cars'),
    provider: fc.constant('claude'),
    model: fc.constant('opus'),
    way: fc.constantFrom('full' as const, 'plan' as const),
  },
  ...{
    ...size,
    spent: fc.record({ implementation: spent, done: spent }, { requiredKeys: [] }),
    isPriced: fc.boolean(),
  },
});

test('whatever the past is, a range is finite and in order', () => {
  fc.assert(
    fc.property(fc.array(anyPast, { maxLength: 40 }), fc.record(size), (all, plan) => {
      const estimate = estimateFrom(all, { ...PLAN, ...plan });
      for (const { least, most } of Object.values(estimate.ranges ?? {}).filter(
        (each) => each !== undefined,
      )) {
        expect(Number.isFinite(most)).toBe(true);
        expect(least).toBeLessThanOrEqual(most);
      }
      expect(estimateText(estimate)).not.toMatch(/NaN|undefined|Infinity/);
    }),
  );
});

function ended(phase: 'planning' | 'implementation' | 'quality', usd: number): NewEvent {
  return {
    ...{ type: 'iteration_ended', iteration: 1, phase, ending: 'signalled', exitCode: 0, signalNotes: [] },
    ...{ decision: { kind: 'run', phase, notes: [], delay: 'none' }, changed: true, treeChanged: true },
    ...{ cost: { usd }, durationMs: 3_600_000, flowLines: [] },
  } as NewEvent;
}

const WORK = [
  ended('planning', 9),
  ended('implementation', 2),
  ended('implementation', 3),
  ended('quality', 1),
];
const APPROVED_TEXT = '# Plan: x\n### Phase 1: a\n- [ ] one\n### Phase 2: b\n- [ ] two\n- [ ] three\n';

test('done sessions, archived ones too, are read with what they spent after the gate', async () => {
  await using dir = await tempDir();
  const at = async (folder: string, events: readonly NewEvent[]) => {
    const paths = sessionPaths(dir.path, folder);
    await writeEvents(paths, [CREATED, PREPARED, ...events], Date.UTC(2026, 0, 8));
    await writeFile(join(paths.runDir, 'approved-plan.md'), APPROVED_TEXT);
  };
  await at('26-01-08-a', [...WORK, DONE]);
  await at('26-01-08-b', [...WORK, DONE, ARCHIVED]);
  await at('26-01-08-c', WORK);
  const one: PastWork = {
    ...plannedWork(sessionFileSample(), emptyState(), APPROVED_TEXT),
    spent: {
      planning: { usd: 9, tokens: 0, hours: 1, iterations: 1 },
      implementation: { usd: 5, tokens: 0, hours: 2, iterations: 2 },
      quality: { usd: 1, tokens: 0, hours: 1, iterations: 1 },
    },
    isPriced: true,
  };
  expect(one).toMatchObject({ provider: 'rehearsal', phases: 2, steps: 3 });
  expect(await pastWork([dir.path, dir.path, join(dir.path, 'gone')], hostWith([]))).toEqual([one, one]);
});

const ESTIMATED = {
  ...{
    type: 'parked',
    for: 'plan_approval',
    resumePhase: 'implementation',
    openQuestions: [],
    unconfirmed: [],
  },
  ...{ plan: { name: 'p', hash: 'h' }, estimate: estimateFrom(FIVE, PLAN) },
};
const APPROVED = { type: 'plan_approved' };

test('the estimate is compared with what the work took once it is done', () => {
  // A score reads the types and what iterations spent.
  const events = [ESTIMATED, APPROVED, ...WORK] as unknown as SessionEvent[];
  expect(estimateScore(events, true)).toBe(
    `${estimateText(ESTIMATED.estimate)} It took 3 iterations (less), 3.0 h of agents' time (more), $6.00 (more).`,
  );
  expect(estimateScore(events, false)).toBe(estimateText(ESTIMATED.estimate));
  expect(estimateScore([APPROVED, ...WORK] as unknown as SessionEvent[], true)).toBeUndefined();
});
