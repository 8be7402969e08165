import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BaseChecks,
  baseChecksOf,
  type CheckRun,
  isNoWorse,
  mayStayRed,
} from '../../../../../src/core/kernel/phases/proving.ts';

const COMMON = { durationMs: 1, outputHash: 'h', outputBytes: 1, output: 'base-checks/base-1.txt' };
const exitCodes = fc.constantFrom(null, 0, 1, 2, 126, 127);
const runs = fc
  .record({ command: fc.constantFrom('npm test', 'npm run lint'), exitCode: exitCodes })
  .map(({ command, exitCode }): CheckRun => {
    const how = exitCode === 0 ? undefined : `exit status ${exitCode}`;
    return { ...COMMON, command, exitCode, how };
  });

test.each([
  ['green', [0, 0], undefined],
  ['red', [0, 1], undefined],
  ['red', [null], undefined],
  ['unrunnable', [126], undefined],
  ['unrunnable', [1, 127], undefined],
  ['unrunnable', [1], true],
] as const)('a base is %s whose checks ended with %o, SETUP: %s', (result, statuses, isSetup) => {
  const ran = statuses.map((exitCode) => {
    const how = exitCode === 0 ? undefined : 'failed';
    return { ...COMMON, command: 'c', exitCode, how, isSetup };
  });
  expect(baseChecksOf({ runs: ran }).result).toBe(result);
});

test('only a command that failed on the base, and that a person let stay red, is run there again', () => {
  fc.assert(
    fc.property(
      fc.array(runs, { maxLength: 3 }),
      fc.constantFrom(undefined, 'fix' as const, 'leave' as const),
      runs,
      (before, choice, run) => {
        const base: BaseChecks = { ...baseChecksOf({ runs: before }), choice };
        const wasRed = before.some(({ command, how }) => command === run.command && how !== undefined);
        expect(mayStayRed(run, base)).toBe(choice === 'leave' && run.how !== undefined && wasRed);
        expect(mayStayRed({ ...run, isSetup: true }, base)).toBe(false);
        expect(mayStayRed(run, undefined)).toBe(false);
      },
    ),
  );
});

test('a failure is no worse only where the check ran on the base, and ended with the same exit status', () => {
  fc.assert(
    fc.property(runs, fc.option(runs, { nil: undefined }), (run, onBase) => {
      const isRed = [1, 2].includes(onBase?.exitCode ?? 0);
      expect(isNoWorse(run, onBase)).toBe(isRed && onBase?.exitCode === run.exitCode);
    }),
  );
});
