import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BaseChecks,
  baseChecksOf,
  type CheckRun,
  isNoWorse,
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

test('a failure is no worse only where the base was left as it is, and the same command had the same exit status there', () => {
  fc.assert(
    fc.property(
      fc.array(runs, { maxLength: 3 }),
      fc.constantFrom(undefined, 'fix' as const, 'leave' as const),
      runs,
      (before, choice, run) => {
        const base: BaseChecks = { ...baseChecksOf({ runs: before }), choice };
        const same = before.some(
          ({ command, exitCode }) => command === run.command && exitCode === run.exitCode,
        );
        expect(isNoWorse(run, base)).toBe(choice === 'leave' && run.exitCode !== 0 && same);
        expect(isNoWorse({ ...run, isSetup: true }, base)).toBe(false);
        expect(isNoWorse(run, undefined)).toBe(false);
      },
    ),
  );
});
